// A WebSocket client: connect() gives the same `connection` that a server's handlers have.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <websock/connection.hpp>
#include <websock/handler.hpp>
#include <websock/options.hpp>
#include <websock/response.hpp>
#include <websock/tls.hpp>

namespace websock {

/// Options of `connect`. (A constructor, not an aggregate: see the g++ 12 note in lib/README.md.)
struct client_options {
    client_options();
    client_options(const client_options&);
    client_options(client_options&&) noexcept;
    client_options& operator=(const client_options&);
    client_options& operator=(client_options&&) noexcept;
    ~client_options();

    /// Limits and timeouts. handshake_timeout is the one deadline for everything up to the server's
    /// 101: names, all addresses, TLS, HTTP. `deflate.enabled` offers permessage-deflate.
    connection_options connection;
    /// Subprotocols to ask for, the preferred one first (RFC 6455 §4.1).
    std::vector<std::string> subprotocols;
    /// Further header fields of the request, name and value: Origin, Cookie, Authorization …
    std::vector<std::pair<std::string, std::string>> headers;
    /// Whose certificates are accepted for wss; by default those that the system trusts, for the
    /// URL's host.
    tls_trust trust;
    /// A promise about the executor: handlers never run on it at the same time, as on an io_context
    /// that one thread runs. A connection over an io_context's executor then runs on that itself
    /// and not on a strand of its own, which saves some 800 instructions for each message that
    /// comes alone; over any other executor nothing changes.
    ///
    /// Where the promise is not kept, two threads may be inside one connection: undefined
    /// behaviour. Handles stay safe to use from any thread; a call from the thread that runs the
    /// io_context, be it in another connection's callback, then acts at once, without a post.
    bool executor_is_serial = false;
    log_sink log;
};

/// Why connect() failed: code() and what(), the latter without the URL's user and password.
class connect_error : public boost::system::system_error {
public:
    connect_error(const error_code& ec, const std::string& what, http_response response);

    /// The server's HTTP answer if there was one; otherwise its status() is 0. With a redirect,
    /// which is not followed, header("Location") says where to.
    [[nodiscard]] const http_response& response() const noexcept { return *response_; }

private:
    std::shared_ptr<const http_response> response_;  // shared: copying an exception must not throw
};

/// What async_connect completes with besides its error_code.
struct connect_result {
    /// The open connection; empty after an error.
    std::optional<connection> peer;
    /// The server's HTTP answer, if there was one.
    http_response response;
};

/// Connects to "ws://host:port/path?query" or "wss://…" and performs the opening handshake (RFC
/// 6455 §4.1). Each address of the host is tried in turn. "user:password@" in the URL becomes an
/// Authorization field (RFC 7617), unless `headers` has one.
///
/// The connection runs on a strand of its own over the calling coroutine's executor (or see
/// client_options::executor_is_serial); it ends when it is closed by either side, or when the last
/// copy of its handle is gone: then it is closed with 1000, and what was not received is dropped.
///
/// Throws connect_error: error::bad_argument for a URL, header field or subprotocol that cannot be
/// sent, error::handshake_timeout, error::upgrade_declined (see response()),
/// error::bad_upgrade_response, or a code of the resolver, the sockets or TLS. Throws
/// std::invalid_argument for an option that is out of its range. Cancelling, at any point, throws
/// operation_aborted and leaves nothing open. (A look-up of a name cannot be stopped: connect()
/// does not wait for it, but the execution context has work until the resolver returns, and Asio
/// looks up one name at a time for each context. Give an address where that matters.)
[[nodiscard]] awaitable<connection> connect(std::string url, client_options options = {});

/// The same with callbacks, which are called on the connection's strand. The connection does not
/// end with its last handle: the callbacks have one.
[[nodiscard]] awaitable<connection> connect(std::string url, handlers callbacks,
                                            client_options options = {});

namespace detail {

// Throws std::invalid_argument. Not from inside an initiation, where an exception would take the
// awaiting coroutine with it.
void check(const boost::asio::any_io_executor& executor, const client_options& options);

using connect_handler = boost::asio::any_completion_handler<void(error_code, connect_result)>;

void start_connect(const boost::asio::any_io_executor& executor, const std::string& url,
                   std::optional<handlers> callbacks, client_options options,
                   connect_handler handler);

}  // namespace detail

/// connect() with any completion token, for void(error_code, connect_result); the connection runs
/// over `executor`. Throws std::invalid_argument itself. Safe to call from any thread.
template <class CompletionToken>
auto async_connect(boost::asio::any_io_executor executor, std::string url, client_options options,
                   CompletionToken&& token) {
    detail::check(executor, options);
    return boost::asio::async_initiate<CompletionToken, void(error_code, connect_result)>(
        [](auto handler, const boost::asio::any_io_executor& where, const std::string& to,
           client_options how) {
            detail::start_connect(where, to, std::nullopt, std::move(how), std::move(handler));
        },
        token, std::move(executor), std::move(url), std::move(options));
}

}  // namespace websock
