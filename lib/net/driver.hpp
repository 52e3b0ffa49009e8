// The small abstract face of a session that `connection` holds: the same for every stream.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <websock/close.hpp>
#include <websock/message.hpp>
#include <websock/operation_state.hpp>
#include <websock/request.hpp>

namespace websock::net {

using receive_handler =
    boost::asio::any_completion_handler<void(error_code, std::optional<message>)>;
using done_handler = boost::asio::any_completion_handler<void(error_code)>;

/// What is known of a connection once it is open; it does not change any more.
struct connection_facts {
    request head;
    std::string subprotocol;
    std::string extensions;
    boost::asio::ip::tcp::endpoint local;
    boost::asio::ip::tcp::endpoint remote;
    bool secure = false;
};

/// The message of an exception, for a log line.
[[nodiscard]] inline std::string what_of(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "unknown exception";
    }
}

class driver : public std::enable_shared_from_this<driver> {
public:
    virtual ~driver() = default;

    // ---- any thread

    /// The caller runs on the connection's strand.
    [[nodiscard]] virtual bool on_strand() const noexcept = 0;
    [[nodiscard]] virtual const boost::asio::any_io_executor& executor() const = 0;
    [[nodiscard]] virtual const connection_facts& facts() const noexcept = 0;
    /// send() may still succeed.
    [[nodiscard]] virtual bool is_open() const noexcept = 0;
    [[nodiscard]] virtual close_info info() const = 0;

    /// Completes with the next message, or with none when the connection has ended.
    virtual void async_receive(receive_handler handler) = 0;
    /// A number for a receive, so that it can be cancelled.
    [[nodiscard]] virtual std::uint64_t next_id() noexcept = 0;
    /// Completes the waiting receive of that number with operation_aborted.
    virtual void cancel_receive(std::uint64_t id) = 0;
    /// Completes when `whole` is queued; error::closed if it never will be.
    virtual void async_send(message whole, send_options how, done_handler handler) = 0;
    /// Begins the closing handshake; completes when the connection has ended.
    virtual void async_close(close_reason reason, done_handler handler) = 0;
    /// Queues a copy without waiting: error::closed, error::outbox_full.
    [[nodiscard]] virtual error_code try_send(const message_view& view, send_options how) = 0;
    [[nodiscard]] virtual error_code try_ping(std::string_view payload) = 0;
    virtual void request_close(close_reason reason) = 0;
    /// As request_close, but only after the handler has dealt with what it has received.
    virtual void request_drain(close_reason reason) = 0;
    /// Cuts the transport off; the connection ends with `why`.
    virtual void abort(error_code why) = 0;
    /// The coroutine handler has ended: close with 1000, or 1011 after an exception.
    virtual void handler_done(std::exception_ptr exception) = 0;

    /// Takes the next message, or none if the connection has ended, unless it must be waited for.
    [[nodiscard]] virtual receive_outcome receive_now(std::optional<message>& next) = 0;
    /// Queues `whole` if the caller runs on the strand and need not wait; it is untouched
    /// otherwise.
    [[nodiscard]] virtual send_outcome send_now(message& whole, send_options how) = 0;

    // ---- on the strand only

    /// What receive_now() has no result for waits.
    virtual void wait_for_message(waiting_receive& waiting) = 0;
    /// The same for a completion handler, and with its cancellation.
    virtual void wait_for_message(receive_handler handler) = 0;

    /// For the registry that the session is in.
    std::size_t place_in_registry = 0;
};

}  // namespace websock::net
