// What the two Beast peers share: the streams of both shapes, and their options.
//
// As the documentation's examples have them: any_io_executor, beast::tcp_stream, suggested
// timeouts. Tuned: concrete executors on a context without locks, no timeouts, sockets instead of
// tcp_stream, no automatic fragments, a large write buffer, no delay.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "peer.hpp"

namespace bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using error_code = boost::system::error_code;

struct documented {
    static constexpr int concurrency = 1;
    using executor = asio::any_io_executor;
    using plain = beast::tcp_stream;
};

struct tuned {
    static constexpr int concurrency = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE;
    using executor = asio::io_context::executor_type;
    using plain = asio::basic_stream_socket<tcp, executor>;
};

template <typename Shape>
constexpr bool is_tuned = std::is_same_v<Shape, tuned>;

template <typename Shape>
using plain_stream = websocket::stream<typename Shape::plain>;
template <typename Shape>
using tls_stream = websocket::stream<beast::ssl_stream<typename Shape::plain>>;

template <typename Stream>
constexpr bool is_tls = false;
template <typename Next>
constexpr bool is_tls<websocket::stream<beast::ssl_stream<Next>>> = true;

template <typename Shape, typename Stream>
void set_options(Stream& stream) {
    if constexpr (is_tuned<Shape>) {
        beast::get_lowest_layer(stream).set_option(tcp::no_delay(true));
        stream.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                          websocket::stream_base::none(), false});
        stream.auto_fragment(false);
        stream.write_buffer_bytes(64 * 1024);
    } else {
        stream.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    }
}

inline asio::ssl::context make_tls(const settings& chosen) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    if (chosen.tls) {
        context.use_certificate_chain_file(chosen.certificate);
        context.use_private_key_file(chosen.key, asio::ssl::context::pem);
    }
    return context;
}

/// Calls `start(socket, tls)` for each connection; runs for ever.
template <typename Shape, typename Start>
void serve(const settings& chosen, Start start) {
    using acceptor_type = asio::basic_socket_acceptor<tcp, typename Shape::executor>;
    using socket_type = asio::basic_stream_socket<tcp, typename Shape::executor>;
    asio::io_context context(Shape::concurrency);
    asio::ssl::context tls = make_tls(chosen);
    acceptor_type acceptor(context.get_executor(), {asio::ip::address_v4::loopback(), chosen.port});
    acceptor.listen(4096);
    struct loop {
        acceptor_type& acceptor;
        asio::io_context& context;
        asio::ssl::context& tls;
        Start& start;

        void next() {
            // The examples give each connection a strand of its own.
            if constexpr (is_tuned<Shape>) {
                acceptor.async_accept(
                    [this](error_code ec, socket_type socket) { accepted(ec, std::move(socket)); });
            } else {
                acceptor.async_accept(
                    asio::make_strand(context),
                    [this](error_code ec, tcp::socket socket) { accepted(ec, std::move(socket)); });
            }
        }
        void accepted(error_code ec, socket_type socket) {
            if (!ec) {
                start(std::move(socket), tls);
            }
            next();
        }
    };
    loop accepting{acceptor, context, tls, start};
    accepting.next();
    announce();
    context.run();
}

}  // namespace bench
