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

/// Whether a message could be queued at once.
enum class send_outcome : std::uint8_t {
    queued,
    must_wait,  ///< the outbox is over its high-water mark, or others wait already
    closed,     ///< nothing can be sent any more
};

/// A receive that waits: whoever made it keeps it until it is completed or abandoned, once. On the
/// strand only.
class receive_operation {
public:
    virtual void complete(error_code ec, std::optional<message>&& next) = 0;
    /// The session goes, and its executor with it.
    virtual void abandon() noexcept = 0;

    std::uint64_t id = 0;
    receive_operation* behind = nullptr;

protected:
    ~receive_operation() = default;
};

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

    // ---- on the strand only

    /// Takes the next message if one waits: `ready` says whether the result stands, be it a message
    /// or the end.
    [[nodiscard]] virtual std::optional<message> receive_now(bool& ready) = 0;
    /// What receive_now() has no result for waits; gives it its number.
    virtual void wait_for_message(receive_operation& waiting) = 0;
    /// Queues `whole` if it need not wait; it is untouched otherwise.
    [[nodiscard]] virtual send_outcome send_now(message& whole, send_options how) = 0;

    /// For the registry that the session is in.
    std::size_t place_in_registry = 0;
};

}  // namespace websock::net
