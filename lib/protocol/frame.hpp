// Frame headers on the wire (RFC 6455 §5.2): encode, and decode with judgement. A rule is enforced
// as soon as the byte that breaks it is there, before any payload.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <websock/error.hpp>

#include "role.hpp"

namespace websock::protocol {

enum class opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xA,
};

/// Close, ping and pong (§5.5).
[[nodiscard]] constexpr bool is_control(opcode op) noexcept {
    return (static_cast<std::uint8_t>(op) & 0x8U) != 0;
}

using masking_key = std::array<std::byte, 4>;

struct frame_header {
    bool fin = true;
    bool rsv1 = false;
    bool rsv2 = false;
    bool rsv3 = false;
    opcode op = opcode::text;
    bool masked = false;
    std::uint64_t payload_length = 0;
    masking_key key{};

    friend bool operator==(const frame_header&, const frame_header&) = default;
};

/// How a header's first two bytes are divided up (§5.2).
namespace wire {
inline constexpr unsigned fin_bit = 0x80;
inline constexpr unsigned rsv1_bit = 0x40;
inline constexpr unsigned rsv2_bit = 0x20;
inline constexpr unsigned rsv3_bit = 0x10;
inline constexpr unsigned opcode_bits = 0x0F;
inline constexpr unsigned mask_bit = 0x80;
inline constexpr unsigned length_bits = 0x7F;
inline constexpr unsigned length_16 = 126;  ///< two bytes of extended length follow
inline constexpr unsigned length_64 = 127;  ///< eight bytes of extended length follow
}  // namespace wire

/// 2 bytes, 8 of extended length, 4 of masking key.
inline constexpr std::size_t max_frame_header_size = 14;
/// RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
inline constexpr std::size_t max_control_payload = 125;

/// What an incoming header is judged by.
struct frame_rules {
    role receiver = role::server;  ///< a server demands masks, a client refuses them (§5.1)
    bool rsv1_owned = false;       ///< an agreed extension may set RSV1 on text and binary frames
};

struct decoded_header {
    std::size_t size = 0;  ///< bytes of the header; 0: more input is needed, or `ec` is set
    error_code ec;
};

/// Reads a header from the front of `in` into `header`, which is left alone unless the header is
/// whole and good. Whether the frame may come now (§5.4) is not judged here.
[[nodiscard]] decoded_header decode_frame_header(std::span<const std::byte> in,
                                                 frame_header& header, frame_rules rules) noexcept;

/// Size of the encoded form of `header`, in bytes.
[[nodiscard]] constexpr std::size_t encoded_size(const frame_header& header) noexcept {
    const std::size_t key_size = header.masked ? std::tuple_size_v<masking_key> : 0;
    if (header.payload_length < wire::length_16) {
        return 2 + key_size;
    }
    return (header.payload_length <= 0xFFFF ? 4 : 10) + key_size;
}

namespace detail {

/// Writes the second byte and the extended length; returns where they end.
// RFC 6455 §5.2: "in all cases, the minimal number of bytes MUST be used to encode the length".
// [6455-5.2-5, 6455-5.3-1]
[[gnu::always_inline]] inline std::byte* encode_length(std::byte* at, std::uint64_t length,
                                                       unsigned mask) noexcept {
    const auto extended = [&](unsigned short_length, int bits) {
        *at++ = static_cast<std::byte>(mask | short_length);
        while (bits > 0) {
            bits -= 8;
            *at++ = static_cast<std::byte>(length >> bits);
        }
    };
    if (length < wire::length_16) [[likely]] {
        *at++ = static_cast<std::byte>(mask | static_cast<unsigned>(length));
    } else if (length <= 0xFFFF) {
        extended(wire::length_16, 16);
    } else {
        extended(wire::length_64, 64);
    }
    return at;
}

}  // namespace detail

/// Writes `header` in its shortest form to the front of `out`, which has room for
/// max_frame_header_size bytes; returns how many it wrote.
inline std::size_t encode_frame_header(const frame_header& header,
                                       std::span<std::byte> out) noexcept {
    out[0] = static_cast<std::byte>(
        (header.fin ? wire::fin_bit : 0) | (header.rsv1 ? wire::rsv1_bit : 0) |
        (header.rsv2 ? wire::rsv2_bit : 0) | (header.rsv3 ? wire::rsv3_bit : 0) |
        static_cast<unsigned>(header.op));
    std::byte* at = detail::encode_length(out.data() + 1, header.payload_length,
                                          header.masked ? wire::mask_bit : 0);
    if (header.masked) {
        at = std::ranges::copy(header.key, at).out;
    }
    return static_cast<std::size_t>(at - out.data());
}

/// The same for the header of a whole message without a mask; returns where it ends.
[[gnu::always_inline]] inline std::byte* encode_plain_header(opcode op,
                                                             std::uint64_t payload_length,
                                                             std::byte* out) noexcept {
    *out = static_cast<std::byte>(wire::fin_bit | static_cast<unsigned>(op));
    return detail::encode_length(out + 1, payload_length, 0);
}

/// The same with a mask.
[[gnu::always_inline]] inline std::byte* encode_masked_header(opcode op,
                                                              std::uint64_t payload_length,
                                                              const masking_key& key,
                                                              std::byte* out) noexcept {
    *out = static_cast<std::byte>(wire::fin_bit | static_cast<unsigned>(op));
    std::byte* const at = detail::encode_length(out + 1, payload_length, wire::mask_bit);
    return std::ranges::copy(key, at).out;
}

}  // namespace websock::protocol
