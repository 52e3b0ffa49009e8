// The payload of a Close frame (RFC 6455 §5.5.1): nothing, or a two-byte code and a UTF-8 reason.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <websock/close.hpp>

#include "frame.hpp"

namespace websock::protocol {

struct decoded_close {
    close_reason reason{close_code::no_status};
    error_code ec;
};

/// Reads a received payload: empty is no_status; one byte, a code that must not be on the wire
/// (§7.4) or a reason that is not UTF-8 is an error.
[[nodiscard]] decoded_close decode_close_payload(std::span<const std::byte> payload);

struct encoded_close {
    std::array<std::byte, max_control_payload> bytes{};
    std::size_t size = 0;
};

/// Writes a payload to send: no_status gives an empty one; a text over 123 bytes is cut between
/// code points. The code must be sendable or no_status.
[[nodiscard]] encoded_close encode_close_payload(const close_reason& reason) noexcept;

/// The code that an error fails the connection with (§7.4.1): protocol_error, bad_payload, too_big,
/// policy_error; going_away for an idle peer; internal_error for the rest.
[[nodiscard]] close_code close_code_for(const error_code& ec) noexcept;

}  // namespace websock::protocol
