// A WebSocket server: routes, listeners, threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <websock/handler.hpp>
#include <websock/options.hpp>
#include <websock/tls.hpp>

namespace websock {

/// Set it up, then run() it once. route() and listen() may be called until run(); stop() and
/// shutdown() at any time from any thread.
class server {
public:
    server();
    /// Throws std::invalid_argument that names an option which is out of its range, system_error if
    /// the system refuses what it needs.
    explicit server(server_options options);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// run() must have returned, or never been called.
    ~server();

    /// Serves WebSocket connections at `path` ("/ws"; compared exactly, the query is ignored). The
    /// last one for a path wins.
    void route(std::string path, coroutine_handler handler, route_options options = {});
    void route(std::string path, handlers callbacks, route_options options = {});
    /// Answers GET and HEAD at `path` with a page.
    void route(std::string path, page content);

    /// Listens on an IP address, or on the first one of a host name; port 0 lets the system choose.
    /// Returns the port. "::" takes IPv6 only: listen on "0.0.0.0" as well for both. Connections
    /// queue from now on and are accepted by run(). Throws system_error that names the address
    /// (in use, not allowed, unknown).
    std::uint16_t listen(const address& where);
    /// The same for wss.
    std::uint16_t listen(const address& where, const tls_context& tls);

    /// Serves until stop(), or SIGINT or SIGTERM (server_options::handle_signals). Returns when
    /// every session has ended. Throws std::logic_error when called twice.
    void run();

    /// Ends run(), from any thread, a handler or before run(): new connections are refused, each
    /// open one is sent Close 1001 after what its handler has sent for the messages it received;
    /// what has not ended after drain_timeout is cut. Does not wait.
    void stop();
    /// The same with another drain time.
    void shutdown(std::chrono::milliseconds deadline);

    /// How many connections there are now, those in their opening handshake included. Any thread.
    [[nodiscard]] std::size_t connection_count() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace websock
