// The closing handshake (RFC 6455 §7.1) as a table: what each state makes of each input.
#pragma once

#include <cstdint>

namespace websock::protocol {

enum class close_state : std::uint8_t {
    open,            ///< messages may flow both ways
    close_sent,      ///< our Close is queued; the peer's is awaited
    close_received,  ///< the peer's Close is here; ours follows once its messages are dealt with
    failing,         ///< the peer broke a rule; our Close follows once its messages are dealt with
    lost,            ///< the peer's input ended without a Close
    closed,          ///< the end: nothing more is read or queued
};

enum class close_input : std::uint8_t {
    local_close,   ///< this side wants to close
    peer_close,    ///< a valid Close frame arrived
    failure,       ///< the connection must be failed (§7.1.7)
    end_of_input,  ///< the transport ended or broke
    answered,      ///< everything that came before has been dealt with
    timeout,       ///< the peer's Close did not come in time
};

/// What a transition asks for besides the new state.
enum class close_action : std::uint8_t {
    nothing,
    send_close,         ///< queue a Close frame; nothing may be queued after it
    announce,           ///< tell the user that the end is coming: the event `closing`
    finish,             ///< the connection has ended: the event `closed`
    send_close_finish,  ///< both
};

struct close_step {
    close_state next;
    close_action action;

    friend bool operator==(const close_step&, const close_step&) = default;
};

[[nodiscard]] close_step step(close_state state, close_input input) noexcept;

}  // namespace websock::protocol
