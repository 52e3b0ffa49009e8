// Frame headers on the wire (RFC 6455 §5.2): encode, and decode with judgement. A rule is enforced
// as soon as the byte that breaks it is there, before any payload.
#pragma once

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
[[nodiscard]] std::size_t encoded_size(const frame_header& header) noexcept;

/// Writes `header` in its shortest form to the front of `out`, which has room for
/// max_frame_header_size bytes; returns how many it wrote.
std::size_t encode_frame_header(const frame_header& header, std::span<std::byte> out) noexcept;

}  // namespace websock::protocol
