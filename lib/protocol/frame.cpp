// Frame headers (RFC 6455 §5.2). Decoding goes byte by byte: first byte, second byte, extended
// length, key; each is judged when it is there, even if the next has not arrived.
#include "frame.hpp"

#include <algorithm>
#include <optional>

namespace websock::protocol {
namespace {

using namespace wire;  // NOLINT(*-using-namespace)

unsigned octet(std::span<const std::byte> in, std::size_t index) noexcept {
    return std::to_integer<unsigned>(in[index]);
}

constexpr bool is_known(opcode op) noexcept {
    return op <= opcode::binary || (op >= opcode::close && op <= opcode::pong);
}

constexpr std::size_t extended_length_size(unsigned length) noexcept {
    return length == length_16 ? 2 : length == length_64 ? 8 : 0;
}

std::optional<error> judge_first_byte(unsigned first, frame_rules rules) noexcept {
    const auto op = static_cast<opcode>(first & opcode_bits);
    // RFC 7692 §6: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and
    // non-first fragments of a data message."
    // [7692-6.1-4]
    const bool rsv1_allowed = rules.rsv1_owned && (op == opcode::text || op == opcode::binary);
    // RFC 6455 §5.2: "If a nonzero value is received and none of the negotiated extensions defines
    // the meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket
    // Connection_."
    // [6455-5.2-2]
    if ((first & (rsv2_bit | rsv3_bit | (rsv1_allowed ? 0 : rsv1_bit))) != 0)
        return error::reserved_bits;
    // RFC 6455 §5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the
    // WebSocket Connection_."
    // [6455-5.2-3]
    if (!is_known(op))
        return error::reserved_opcode;
    // RFC 6455 §5.5: "All control frames […] MUST NOT be fragmented."
    // [6455-5.4-2, 6455-5.5-2]
    if (is_control(op) && (first & fin_bit) == 0)
        return error::fragmented_control;
    return std::nullopt;
}

std::optional<error> judge_second_byte(unsigned second, opcode op, role receiver) noexcept {
    const bool masked = (second & mask_bit) != 0;
    // RFC 6455 §5.1: "The server MUST close the connection upon receiving a frame that is not
    // masked."
    // [6455-5.1-2]
    if (receiver == role::server && !masked)
        return error::unmasked_frame;
    // RFC 6455 §5.1: "A client MUST close a connection if it detects a masked frame."
    // [6455-5.1-4]
    if (receiver == role::client && masked)
        return error::masked_frame;
    // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
    // [6455-5.5-1]
    if (is_control(op) && (second & length_bits) > max_control_payload)
        return error::oversized_control;
    return std::nullopt;
}

/// `length` holds the bytes of the extended length that have arrived, `size` is how many it takes.
std::optional<error> judge_extended_length(std::span<const std::byte> length,
                                           std::size_t size) noexcept {
    // RFC 6455 §5.2: "the following 8 bytes interpreted as a 64-bit unsigned integer (the most
    // significant bit MUST be 0)".
    // [6455-5.2-4]
    if (size == 8 && !length.empty() && (octet(length, 0) & 0x80U) != 0)
        return error::length_overflow;
    // RFC 6455 §5.2: "in all cases, the minimal number of bytes MUST be used to encode the length".
    // Eight bytes are too many if the first six are zero, two if the value is below 126.
    // [6455-5.2-5]
    const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
    if (size == 8 && length.size() >= 6 && std::ranges::all_of(length.first(6), is_zero))
        return error::non_minimal_length;
    if (size == 2 && length.size() == 2 && is_zero(length[0]) && octet(length, 1) < length_16)
        return error::non_minimal_length;
    return std::nullopt;
}

}  // namespace

decoded_header decode_frame_header(std::span<const std::byte> in, frame_header& header,
                                   frame_rules rules) noexcept {
    if (in.empty())
        return {};
    const unsigned first = octet(in, 0);
    if (const std::optional<error> wrong = judge_first_byte(first, rules))
        return {0, *wrong};
    if (in.size() < 2)
        return {};
    const unsigned second = octet(in, 1);
    const auto op = static_cast<opcode>(first & opcode_bits);
    if (const std::optional<error> wrong = judge_second_byte(second, op, rules.receiver))
        return {0, *wrong};

    std::uint64_t length = second & length_bits;
    const std::size_t extended = extended_length_size(second & length_bits);
    if (extended != 0) {
        const auto arrived = in.subspan(2, std::min(extended, in.size() - 2));
        if (const std::optional<error> wrong = judge_extended_length(arrived, extended))
            return {0, *wrong};
        length = 0;
        for (const std::byte b : arrived)
            length = length << 8 | std::to_integer<std::uint64_t>(b);
    }

    const bool masked = (second & mask_bit) != 0;
    const std::size_t key_at = 2 + extended;
    const std::size_t size = key_at + (masked ? std::tuple_size_v<masking_key> : 0);
    if (in.size() < size)
        return {};
    header.fin = (first & fin_bit) != 0;
    header.rsv1 = (first & rsv1_bit) != 0;
    header.rsv2 = (first & rsv2_bit) != 0;
    header.rsv3 = (first & rsv3_bit) != 0;
    header.op = op;
    header.masked = masked;
    header.payload_length = length;
    header.key = masked ? masking_key{in[key_at], in[key_at + 1], in[key_at + 2], in[key_at + 3]}
                        : masking_key{};
    return {size, {}};
}

}  // namespace websock::protocol
