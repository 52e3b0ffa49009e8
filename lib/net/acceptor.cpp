#include "acceptor.hpp"

#include <sys/socket.h>
#include <boost/asio/socket_base.hpp>
#include <string>
#include <utility>

namespace websock::net {
namespace {

constexpr std::chrono::milliseconds back_off_time{200};

using reuse_port = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// A connection that was gone before it was accepted; the next one may be tried at once. Anything
// else (no descriptors, no memory) will come back, and until then trying at once would only spin.
bool concerns_one_connection(const error_code& ec) {
    namespace errc = boost::system::errc;
    return ec == errc::connection_aborted || ec == errc::interrupted ||
           ec == boost::asio::error::operation_aborted;
}

}  // namespace

acceptor::acceptor(const thread_executor& executor, const endpoint_type& where, port_use use,
                   int backlog, log_sink log)
    : socket_(executor), back_off_(executor), log_(std::move(log)) {
    socket_.open(where.protocol());
    socket_.set_option(boost::asio::socket_base::reuse_address(true));
    if (use == port_use::shared) {
        socket_.set_option(reuse_port(true));
    }
    if (where.address().is_v6()) {
        socket_.set_option(boost::asio::ip::v6_only(true));
    }
    socket_.bind(where);
    socket_.listen(backlog);
}

acceptor::endpoint_type acceptor::local_endpoint() const { return socket_.local_endpoint(); }

void acceptor::start(accept_function on_accept) {
    accept_loop(shared_from_this(), std::move(on_accept));
}

void acceptor::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
    back_off_.cancel();
}

detached acceptor::accept_loop(std::shared_ptr<acceptor> self, accept_function on_accept) {
    acceptor& a = *self;
    bool short_of_resources = false;
    while (a.socket_.is_open()) {
        socket_type accepted(a.socket_.get_executor());
        const error_code ec =
            co_await accept_operation<decltype(a.socket_), socket_type>(a.socket_, accepted);
        if (!ec) {
            if (std::exchange(short_of_resources, false) && a.log_) {
                a.log_(log_level::info, "accepting connections again");
            }
            on_accept(std::move(accepted));
        } else if (a.socket_.is_open() && !concerns_one_connection(ec)) {
            if (!std::exchange(short_of_resources, true) && a.log_) {
                a.log_(log_level::warning, "cannot accept connections for now: " + ec.message());
            }
            a.back_off_.expires_after(back_off_time);
            static_cast<void>(co_await timer_operation<decltype(a.back_off_)>(a.back_off_));
        }
    }
}

}  // namespace websock::net
