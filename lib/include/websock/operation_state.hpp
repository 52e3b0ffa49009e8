// What a connection and an operation on it tell each other. For users it is all behind
// `receive_operation` and `send_operation`.
#pragma once

#include <cstdint>
#include <websock/error.hpp>
#include <websock/message.hpp>

namespace websock {

/// Whether there was something to receive at once.
enum class receive_outcome : std::uint8_t {
    received,  ///< a message, or the end
    must_wait,
    elsewhere,  ///< the caller does not run on the connection's strand
};

/// Whether a message could be queued at once.
enum class send_outcome : std::uint8_t {
    queued,
    closed,     ///< nothing can be sent any more
    must_wait,  ///< for the strand, for room in the outbox, or for others that wait already
};

/// A receive that waits. Whoever made it keeps it until one of its functions is called, once. On
/// the connection's strand only.
class waiting_receive {
public:
    /// Completes it with the next message.
    virtual void deliver(message&& next) = 0;
    /// Completes it without a message: the connection has ended, or `ec` says why else.
    virtual void end(error_code ec) = 0;
    /// The connection goes, and its executor with it.
    virtual void abandon() noexcept = 0;

    std::uint64_t id = 0;  ///< none: it cannot be cancelled
    waiting_receive* behind = nullptr;

protected:
    ~waiting_receive() = default;
};

}  // namespace websock
