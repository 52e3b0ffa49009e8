// The user's handle of one connection: the same for ws and wss. Cheap to copy, safe to use from any
// thread; it does not keep the connection open, only its memory. A handle may outlive its `server`
// (then only what asks about the connection, try_send, ping and request_close may be called), but a
// handle from `serve` or `connect` must be gone before the execution context that it runs on.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <websock/close.hpp>
#include <websock/message.hpp>
#include <websock/operations.hpp>
#include <websock/request.hpp>

namespace websock {

/// An IP address and port.
struct address {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const address&, const address&) = default;
};

class connection {
public:
    /// Refers to no connection: it may be assigned to, compared and asked for is_open(), no more.
    connection() noexcept;
    /// Made by the library; a handler is given one.
    explicit connection(std::shared_ptr<net::driver> driver) noexcept;
    connection(const connection&) noexcept;
    connection(connection&&) noexcept;
    connection& operator=(const connection&) noexcept;
    connection& operator=(connection&&) noexcept;
    ~connection();

    /// An operation to be awaited: waits for the next message; empty when the connection has ended,
    /// however it ended, and all that had arrived has been received. Never throws for that: see
    /// close_info().
    ///
    /// Messages come in their order; several tasks may receive at once, each message goes to one of
    /// them. Cancelling (a timer with `||`, a cancellation slot) loses no message and leaves the
    /// connection as it is. Throws system_error(operation_aborted) when cancelled. Only for
    /// connections with a coroutine handler: others have their messages delivered.
    [[nodiscard]] receive_operation receive() { return receive_operation(driver_); }

    /// An operation to be awaited: queues a message; waits only while the outbox is above its
    /// high-water mark. Then it will be written, in the order of the awaiting, before any later
    /// Close. Where it need not wait, it does not suspend the coroutine.
    ///
    /// Any number of tasks on any threads may send at once. Cancelled while it waits, the message
    /// is not sent (system_error(operation_aborted)). Throws system_error(error::closed) when the
    /// connection has ended or is closing: the message is not sent.
    [[nodiscard]] send_operation send(message whole, send_options how = {}) {
        return {driver_, std::move(whole), how};
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2) after all that has been sent, and waits until
    /// the connection has ended, at most about close_timeout. Messages that still arrive are
    /// discarded. Later calls wait for the same end. A code that may not be sent (see is_sendable)
    /// throws system_error(error::bad_argument). Cancelling stops only the waiting.
    [[nodiscard]] awaitable<void> close(close_reason reason = {});

    /// receive() with any completion token, for void(error_code, std::optional<message>).
    template <class CompletionToken>
    auto async_receive(CompletionToken&& token) {
        return receive()(std::forward<CompletionToken>(token));
    }

    /// send() with any completion token, for void(error_code).
    template <class CompletionToken>
    auto async_send(message whole, send_options how, CompletionToken&& token) {
        return send(std::move(whole), how)(std::forward<CompletionToken>(token));
    }
    template <class CompletionToken>
    auto async_send(message whole, CompletionToken&& token) {
        return async_send(std::move(whole), send_options(), std::forward<CompletionToken>(token));
    }

    /// close() with any completion token, for void(error_code).
    template <class CompletionToken>
    auto async_close(close_reason reason, CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, connection self, close_reason moved) {
                self.start_close(std::move(moved), std::move(handler));
            },
            token, *this, std::move(reason));
    }

    /// Queues a copy of a message without waiting, from any thread: the way to send in callbacks.
    /// error::closed when the connection has ended or is closing, error::outbox_full when
    /// max_outbox_size would be exceeded; the message is not sent then. (From another thread than
    /// the connection's, a close that is under way at the same moment may still overtake it.)
    error_code try_send(message_view view, send_options how = {});

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2); error::bad_argument for more,
    /// error::closed as try_send.
    error_code ping(std::string_view payload = {});

    /// Begins the closing handshake without waiting; what close() throws is ignored here, and an
    /// invalid code becomes 1000.
    void request_close(close_reason reason = {});

    /// Messages can still be sent. May change at any moment.
    [[nodiscard]] bool is_open() const noexcept;
    /// It refers to a connection, open or not.
    [[nodiscard]] explicit operator bool() const noexcept { return driver_ != nullptr; }

    /// How the connection ended. Until it has: initiator::none.
    [[nodiscard]] websock::close_info close_info() const;

    /// The request that opened it. Valid as long as any handle of the connection.
    [[nodiscard]] const websock::request& request() const noexcept;
    /// The agreed subprotocol; empty if none.
    [[nodiscard]] const std::string& subprotocol() const noexcept;
    /// The agreed extensions, as the server's Sec-WebSocket-Extensions names them
    /// ("permessage-deflate; …"); empty if none.
    [[nodiscard]] const std::string& extensions() const noexcept;
    /// The peer's end, and ours.
    [[nodiscard]] address remote_address() const;
    [[nodiscard]] address local_address() const;
    /// wss.
    [[nodiscard]] bool is_secure() const noexcept;

    /// The connection's strand: its handler runs there.
    [[nodiscard]] boost::asio::any_io_executor get_executor() const;

    /// Same connection.
    friend bool operator==(const connection&, const connection&) = default;

private:
    using done_handler = boost::asio::any_completion_handler<void(error_code)>;

    void start_close(close_reason reason, done_handler handler);

    std::shared_ptr<net::driver> driver_;
};

}  // namespace websock
