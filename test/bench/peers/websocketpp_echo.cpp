// An echo on websocketpp, as its example echo_server has it, without its log. Tuned: no locks and
// no strand, no log compiled in, a larger read buffer, no timeouts, no delay, and the received
// message is sent, not a copy of its payload.
#include <functional>
#include <memory>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

#include "peer.hpp"

namespace {

namespace ws = websocketpp;

// websocketpp is configured by types that repeat most of their base's members.
template <typename Base, typename Socket>
struct tuned_config : public Base {
    using type = tuned_config;
    using concurrency_type = ws::concurrency::none;
    using request_type = typename Base::request_type;
    using response_type = typename Base::response_type;
    using message_type = typename Base::message_type;
    using con_msg_manager_type = typename Base::con_msg_manager_type;
    using endpoint_msg_manager_type = typename Base::endpoint_msg_manager_type;
    using alog_type = ws::log::stub;
    using elog_type = ws::log::stub;
    using rng_type = typename Base::rng_type;

    struct transport_config : public Base::transport_config {
        using concurrency_type = ws::concurrency::none;
        using alog_type = ws::log::stub;
        using elog_type = ws::log::stub;
        using request_type = typename Base::request_type;
        using response_type = typename Base::response_type;
        using socket_type = Socket;
        static constexpr bool enable_multithreading = false;
    };
    using transport_type = ws::transport::asio::endpoint<transport_config>;

    static constexpr std::size_t connection_read_buffer_size = 64 * 1024;
    static const ws::log::level elog_level = ws::log::elevel::none;
    static const ws::log::level alog_level = ws::log::alevel::none;
};

using tls_socket = ws::transport::asio::tls_socket::endpoint;
using plain_socket = ws::transport::asio::basic_socket::endpoint;
using tuned_plain = tuned_config<ws::config::asio, plain_socket>;
using tuned_tls = tuned_config<ws::config::asio_tls, tls_socket>;

ws::lib::shared_ptr<ws::lib::asio::ssl::context> make_tls(const bench::settings& chosen) {
    using context = ws::lib::asio::ssl::context;
    auto made = ws::lib::make_shared<context>(context::tls_server);
    made->use_certificate_chain_file(chosen.certificate);
    made->use_private_key_file(chosen.key, context::pem);
    return made;
}

template <typename Config>
void serve(const bench::settings& chosen) {
    using server = ws::server<Config>;
    server echo;
    echo.clear_access_channels(ws::log::alevel::all);
    echo.clear_error_channels(ws::log::elevel::all);
    echo.init_asio();
    echo.set_reuse_addr(true);
    echo.set_listen_backlog(4096);
    const bool tuned = chosen.tuned;
    if constexpr (std::is_same_v<Config, ws::config::asio_tls> ||
                  std::is_same_v<Config, tuned_tls>) {
        const auto tls = make_tls(chosen);
        echo.set_tls_init_handler([tls](ws::connection_hdl) { return tls; });
    }
    if (tuned) {
        echo.set_tcp_post_init_handler([&echo](ws::connection_hdl handle) {
            echo.get_con_from_hdl(handle)->get_raw_socket().set_option(
                ws::lib::asio::ip::tcp::no_delay(true));
        });
        echo.set_open_handshake_timeout(0);
        echo.set_pong_timeout(0);
    }
    echo.set_message_handler(
        [&echo, tuned](ws::connection_hdl handle, typename server::message_ptr message) {
            ws::lib::error_code ec;
            if (tuned) {
                echo.send(handle, message, ec);
            } else {
                echo.send(handle, message->get_payload(), message->get_opcode(), ec);
            }
        });
    echo.listen(
        ws::lib::asio::ip::tcp::endpoint(ws::lib::asio::ip::address_v4::loopback(), chosen.port));
    echo.start_accept();
    bench::announce();
    echo.run();
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, [](const bench::settings& chosen) {
        if (chosen.tls) {
            chosen.tuned ? serve<tuned_tls>(chosen) : serve<ws::config::asio_tls>(chosen);
        } else {
            chosen.tuned ? serve<tuned_plain>(chosen) : serve<ws::config::asio>(chosen);
        }
    });
}
