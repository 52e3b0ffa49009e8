#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>
#include <websock/serve.hpp>

#include "../net/executors.hpp"
#include "../net/session.hpp"
#include "../net/tcp_stream.hpp"
#include "../net/tls_config.hpp"
#include "../net/tls_stream.hpp"
#include "../net/waiters.hpp"
#include "check_options.hpp"
#include "routes.hpp"

namespace websock {
namespace {

using end_handler = boost::asio::any_completion_handler<void(close_info)>;

// Waits for the end of the one session.
class single_session final : public net::session_owner {
public:
    single_session(end_handler handler, boost::asio::any_io_executor executor)
        : waiting_(0, std::move(handler), {}, executor), executor_(std::move(executor)) {}

    void on_session_end(net::driver& ended) noexcept override {
        net::complete(std::move(waiting_.handler), executor_, ended.info());
    }

private:
    net::waiter<end_handler> waiting_;
    boost::asio::any_io_executor executor_;
};

template <class Stream, class... Tls>
void start(const typename Stream::executor_type& strand, tcp_socket socket,
           std::shared_ptr<const net::session_config> config, end_handler handler, Tls&... tls) {
    using executor_type = typename Stream::executor_type;
    // The socket moves to the strand.
    const boost::asio::any_io_executor inner = socket.get_executor();
    const auto protocol = socket.local_endpoint().protocol();
    typename net::tcp_stream<executor_type>::socket_type own(strand, protocol, socket.release());
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    auto owner = std::make_shared<single_session>(std::move(handler), inner);
    const auto session = std::make_shared<net::session<Stream>>(
        Stream(std::move(own), tls...), std::move(config),
        std::make_shared<net::deadline_queue<executor_type>>(strand), std::move(owner),
        net::admission::welcome);
    if (slot.is_connected()) {
        slot.assign([weak = std::weak_ptr<net::driver>(session)](boost::asio::cancellation_type) {
            if (const auto alive = weak.lock()) {
                alive->abort(boost::asio::error::operation_aborted);
            }
        });
    }
    boost::asio::post(strand, [session] { session->start(); });
}

awaitable<close_info> serve_entry(tcp_socket socket, std::shared_ptr<const net::tls_settings> tls,
                                  facade::route_entry entry, serve_options options) {
    facade::check(options.connection);
    entry.options = std::move(options.route);
    const auto promised =
        options.executor_is_serial ? net::concurrency::serial : net::concurrency::parallel;
    const auto config = std::make_shared<const net::session_config>(net::session_config{
        options.connection, std::make_shared<facade::single_route>(std::move(entry)),
        std::move(options.log)});
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&,
                                                   void(close_info)>(
        [](auto handler, tcp_socket accepted, net::concurrency how,
           std::shared_ptr<const net::session_config> shared,
           std::shared_ptr<const net::tls_settings> settings) {
            const boost::asio::any_io_executor where = accepted.get_executor();
            net::with_strand(where, how, [&]<class Executor>(const Executor& strand) {
                if (settings) {
                    start<net::tls_stream<Executor>>(strand, std::move(accepted), std::move(shared),
                                                     std::move(handler), *settings->context);
                } else {
                    start<net::tcp_stream<Executor>>(strand, std::move(accepted), std::move(shared),
                                                     std::move(handler));
                }
            });
        },
        boost::asio::use_awaitable, std::move(socket), promised, config, std::move(tls));
}

}  // namespace

awaitable<close_info> serve(tcp_socket socket, coroutine_handler handler, serve_options options) {
    return serve_entry(std::move(socket), nullptr, {std::move(handler), {}}, std::move(options));
}

awaitable<close_info> serve(tcp_socket socket, handlers callbacks, serve_options options) {
    return serve_entry(std::move(socket), nullptr,
                       {std::make_shared<const handlers>(std::move(callbacks)), {}},
                       std::move(options));
}

awaitable<close_info> serve(tcp_socket socket, const tls_context& tls, coroutine_handler handler,
                            serve_options options) {
    return serve_entry(std::move(socket), tls.settings(), {std::move(handler), {}},
                       std::move(options));
}

awaitable<close_info> serve(tcp_socket socket, const tls_context& tls, handlers callbacks,
                            serve_options options) {
    return serve_entry(std::move(socket), tls.settings(),
                       {std::make_shared<const handlers>(std::move(callbacks)), {}},
                       std::move(options));
}

}  // namespace websock
