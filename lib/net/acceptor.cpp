#include "acceptor.hpp"

#include <sys/socket.h>
#include <boost/asio/socket_base.hpp>
#include <string>
#include <utility>

namespace websock::net {
namespace {

constexpr std::chrono::milliseconds back_off_time{200};

using reuse_port = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// The resource that is missing will come back; trying again at once would only spin.
bool is_shortage(const error_code& ec) {
    namespace errc = boost::system::errc;
    return ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
           ec == errc::no_buffer_space || ec == errc::not_enough_memory;
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
        } else if (is_shortage(ec)) {
            if (!std::exchange(short_of_resources, true) && a.log_) {
                a.log_(log_level::warning, "cannot accept connections for now: " + ec.message());
            }
            a.back_off_.expires_after(back_off_time);
            static_cast<void>(co_await timer_operation<decltype(a.back_off_)>(a.back_off_));
        }
        // Anything else (ECONNABORTED, a network error of that connection) was its own fault, or
        // the acceptor has been closed.
    }
}

}  // namespace websock::net
