// Close payloads (RFC 6455 §5.5.1, §7.4) and the table from errors to close codes (§7.4.1).
#include "close_payload.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "utf8.hpp"

namespace websock::protocol {
namespace {

constexpr std::size_t max_reason_text = max_control_payload - 2;

/// The longest front of `text` that fits and ends between code points.
std::string_view cut_to_fit(std::string_view text) noexcept {
    if (text.size() <= max_reason_text)
        return text;
    std::size_t end = max_reason_text;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    return text.substr(0, end);
}

}  // namespace

decoded_close decode_close_payload(std::span<const std::byte> payload) {
    // RFC 6455 §7.1.5: "If this Close control frame contains no status code, _The WebSocket
    // Connection Close Code_ is considered to be 1005."
    if (payload.empty())
        return {};
    // RFC 6455 §5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte
    // unsigned integer (in network byte order) representing a status code with value /code/ defined
    // in Section 7.4."
    // [6455-5.5.1-1]
    if (payload.size() == 1)
        return {close_code::no_status, error::bad_close_payload};
    const auto code = static_cast<close_code>(std::to_integer<unsigned>(payload[0]) << 8 |
                                              std::to_integer<unsigned>(payload[1]));
    // RFC 6455 §7.4.1: "1005 is a reserved value and MUST NOT be set as a status code in a Close
    // control frame by an endpoint." Likewise 1006 and 1015; §7.4.2: "Status codes in the range
    // 0-999 are not used."
    // [6455-7.4.1-1, 6455-7.4.1-2, 6455-7.4.1-3]
    if (!is_sendable(code))
        return {close_code::no_status, error::bad_close_code};
    // RFC 6455 §5.5.1: "Following the 2-byte integer, the body MAY contain UTF-8-encoded data with
    // value /reason/"; §8.1: an endpoint that finds it is no UTF-8 "MUST _Fail the WebSocket
    // Connection_".
    // [6455-8.1-1]
    const std::span<const std::byte> text = payload.subspan(2);
    if (!is_valid_utf8(text))
        return {close_code::no_status, error::invalid_utf8};
    return {{code, std::string(reinterpret_cast<const char*>(text.data()), text.size())}, {}};
}

encoded_close encode_close_payload(const close_reason& reason) noexcept {
    encoded_close encoded;
    // [6455-7.4.1-1]
    if (reason.code() == close_code::no_status)
        return encoded;
    assert(is_sendable(reason.code()));
    // [6455-5.5.1-1]
    const auto code = static_cast<std::uint16_t>(reason.code());
    encoded.bytes[0] = static_cast<std::byte>(code >> 8);
    encoded.bytes[1] = static_cast<std::byte>(code & 0xFF);
    // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
    // [6455-5.5-1]
    const std::string_view text = cut_to_fit(reason.text());
    std::ranges::copy(std::as_bytes(std::span(text)), encoded.bytes.begin() + 2);
    encoded.size = 2 + text.size();
    return encoded;
}

close_code close_code_for(const error_code& ec) noexcept {
    if (ec.category() != error_category())
        return close_code::internal_error;
    using enum error;
    switch (static_cast<error>(ec.value())) {
        // RFC 6455 §7.4.1: "1002 indicates that an endpoint is terminating the connection due to a
        // protocol error."
        case reserved_bits:
        case reserved_opcode:
        case fragmented_control:
        case oversized_control:
        case unmasked_frame:
        case masked_frame:
        case non_minimal_length:
        case length_overflow:
        case unexpected_continuation:
        case expected_continuation:
        case bad_close_payload:
        case bad_close_code:
            return close_code::protocol_error;
        // RFC 6455 §7.4.1: "1007 indicates that an endpoint is terminating the connection because
        // it has received data within a message that was not consistent with the type of the
        // message (e.g., non-UTF-8 [RFC3629] data within a text message)."
        case invalid_utf8:
        case bad_compression:
            return close_code::bad_payload;
        // RFC 6455 §7.4.1: "1009 indicates that an endpoint is terminating the connection because
        // it has received a message that is too big for it to process."
        case message_too_big:
            return close_code::too_big;
        // RFC 6455 §7.4.1: "1008 indicates that an endpoint is terminating the connection because
        // it has received a message that violates its policy."
        case too_many_fragments:
            return close_code::policy_error;
        // RFC 6455 §7.4.1: "1001 indicates that an endpoint is "going away"".
        case idle_timeout:
            return close_code::going_away;
        // RFC 6455 §7.4.1: "1011 indicates that a server is terminating the connection because it
        // encountered an unexpected condition that prevented it from fulfilling the request."
        default:
            return close_code::internal_error;
    }
}

}  // namespace websock::protocol
