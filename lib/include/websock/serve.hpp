// Serving a single, already accepted socket on an executor of the user's own, without a `server`.
#pragma once

#include <websock/handler.hpp>
#include <websock/options.hpp>
#include <websock/tls.hpp>

// Declared here, because <boost/asio/ip/tcp.hpp> would double what including this costs.
namespace boost::asio {
namespace ip {
class tcp;
}
template <typename Protocol, typename Executor>
class basic_stream_socket;
}  // namespace boost::asio

namespace websock {

/// boost::asio::ip::tcp::socket
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::any_io_executor>;

/// Options of `serve`.
struct serve_options {
    connection_options connection;
    /// For the opening handshake.
    route_options route;
    log_sink log;
    /// A promise about the socket's executor: handlers never run on it at the same time. If it is
    /// an io_context's, the session then runs on that itself instead of a strand: faster, but
    /// undefined behaviour where the promise is not kept. See client_options::executor_is_serial.
    /// (An io_context without locks for I/O needs serve() to be awaited on its thread, too.)
    bool executor_is_serial = false;
};

/// Serves one WebSocket connection on `socket`, whatever path it asks for, from its opening
/// handshake to the end of TCP; the result says how it ended (`ec` tells of a failed handshake).
///
/// The session runs on a strand of its own over the socket's executor, which any number of threads
/// may run (or see serve_options::executor_is_serial), and so does the handler. Cancelling cuts the
/// connection. Throws std::invalid_argument that names an option which is out of its range.
[[nodiscard]] awaitable<close_info> serve(tcp_socket socket, coroutine_handler handler,
                                          serve_options options = {});
[[nodiscard]] awaitable<close_info> serve(tcp_socket socket, handlers callbacks,
                                          serve_options options = {});
/// The same over TLS.
[[nodiscard]] awaitable<close_info> serve(tcp_socket socket, const tls_context& tls,
                                          coroutine_handler handler, serve_options options = {});
[[nodiscard]] awaitable<close_info> serve(tcp_socket socket, const tls_context& tls,
                                          handlers callbacks, serve_options options = {});

}  // namespace websock
