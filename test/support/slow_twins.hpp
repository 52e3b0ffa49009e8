// Slow, obvious twins of the fast leaves (mask, utf8, frame), for tests and fuzzers to compare them
// with. Each is written from the RFC in another way than the code it checks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "protocol/frame.hpp"

namespace websock::test {

/// RFC 6455 §5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-j", j = i MOD 4.
inline void slow_apply_mask(std::span<std::byte> bytes, const protocol::masking_key& key,
                            std::uint64_t offset) noexcept {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = bytes[i] ^ key[(offset + i) % 4];
}

/// Judges UTF-8 by arithmetic: after each byte, the code points that are still possible are one
/// range of numbers, and a byte is wrong if that range holds none that may be encoded so.
class slow_utf8_validator {
public:
    bool feed(std::span<const std::byte> bytes) noexcept {
        for (const std::byte b : bytes)
            feed_byte(std::to_integer<std::uint32_t>(b));
        return valid_;
    }
    [[nodiscard]] bool complete() const noexcept { return valid_ && missing_ == 0; }

private:
    void feed_byte(std::uint32_t byte) noexcept {
        if (!valid_)
            return;
        if (missing_ == 0)
            begin(byte);
        else
            go_on(byte);
        valid_ = valid_ && some_possible();
    }

    // RFC 3629 §3: the number of octets is told by the first; 0xxxxxxx, 110xxxxx, 1110xxxx,
    // 11110xxx.
    void begin(std::uint32_t byte) noexcept {
        if (byte < 0x80)
            expect(0, byte, 0);
        else if ((byte & 0xE0) == 0xC0)
            expect(1, byte & 0x1F, 0x80);
        else if ((byte & 0xF0) == 0xE0)
            expect(2, byte & 0x0F, 0x800);
        else if ((byte & 0xF8) == 0xF0)
            expect(3, byte & 0x07, 0x10000);
        else
            valid_ = false;
    }

    void expect(int missing, std::uint32_t value, std::uint32_t smallest) noexcept {
        missing_ = missing;
        value_ = value;
        smallest_ = smallest;
    }

    // RFC 3629 §3: each octet after the first is 10xxxxxx.
    void go_on(std::uint32_t byte) noexcept {
        valid_ = (byte & 0xC0) == 0x80;
        value_ = value_ * 64 + (byte & 0x3F);
        --missing_;
    }

    // RFC 3629 §3: U+0000..U+10FFFF; "prohibits encoding character numbers between U+D800 and
    // U+DFFF"; "decoding of overlong forms MUST be protected against".
    [[nodiscard]] bool some_possible() const noexcept {
        std::uint32_t low = value_;
        std::uint32_t high = value_;
        for (int i = 0; i < missing_; ++i) {
            low = low * 64;
            high = high * 64 + 63;
        }
        return overlap(low, high, smallest_, 0xD7FF) ||
               overlap(low, high, std::max<std::uint32_t>(smallest_, 0xE000), 0x10FFFF);
    }

    static bool overlap(std::uint32_t low, std::uint32_t high, std::uint32_t from,
                        std::uint32_t to) noexcept {
        return std::max(low, from) <= std::min(high, to);
    }

    bool valid_ = true;
    int missing_ = 0;
    std::uint32_t value_ = 0;
    std::uint32_t smallest_ = 0;
};

inline bool slow_is_valid_utf8(std::span<const std::byte> bytes) noexcept {
    slow_utf8_validator validator;
    validator.feed(bytes);
    return validator.complete();
}

/// How many of `bytes` are accepted before the first one that cannot belong to valid UTF-8.
inline std::size_t slow_utf8_accepted(std::span<const std::byte> bytes) noexcept {
    slow_utf8_validator validator;
    std::size_t accepted = 0;
    while (accepted < bytes.size() && validator.feed(bytes.subspan(accepted, 1)))
        ++accepted;
    return accepted;
}

/// The rules of RFC 6455 §5 as a list: how many bytes each needs to see, whether it is broken, and
/// what that is called; the first broken one counts.
inline protocol::decoded_header slow_decode_frame_header(std::span<const std::byte> in,
                                                         protocol::frame_header& header,
                                                         protocol::frame_rules rules) noexcept {
    const auto at = [in](std::size_t i) {
        return i < in.size() ? std::to_integer<std::uint64_t>(in[i]) : 0;
    };
    const bool fin = at(0) >= 128;
    const bool rsv1 = at(0) / 64 % 2 == 1;
    const bool rsv2 = at(0) / 32 % 2 == 1;
    const bool rsv3 = at(0) / 16 % 2 == 1;
    const std::uint64_t op = at(0) % 16;
    const bool control = op >= 8;
    const bool masked = at(1) >= 128;
    const std::uint64_t len7 = at(1) % 128;
    std::uint64_t len16 = at(2) * 256 + at(3);
    std::uint64_t len64 = 0;
    for (std::size_t i = 2; i < 10; ++i)
        len64 = len64 * 256 + at(i);
    const bool server = rules.receiver == protocol::role::server;

    struct rule {
        std::size_t needs;
        bool broken;
        error name;
    };
    const std::array<rule, 9> all{{
        {1, rsv2 || rsv3 || (rsv1 && !(rules.rsv1_owned && (op == 1 || op == 2))),
         error::reserved_bits},
        {1, (op >= 3 && op <= 7) || op >= 11, error::reserved_opcode},
        {1, control && !fin, error::fragmented_control},
        {2, server && !masked, error::unmasked_frame},
        {2, !server && masked, error::masked_frame},
        {2, control && len7 >= 126, error::oversized_control},
        {3, len7 == 127 && at(2) >= 128, error::length_overflow},
        {4, len7 == 126 && len16 <= 125, error::non_minimal_length},
        // With six zero bytes of eight, whatever follows fits into 16 bits.
        {8, len7 == 127 && len64 <= 0xFFFF, error::non_minimal_length},
    }};
    for (const rule& each : all)
        if (in.size() >= each.needs && each.broken)
            return {0, each.name};

    const std::size_t key_at = len7 == 127 ? 10 : len7 == 126 ? 4 : 2;
    const std::size_t size = key_at + (masked ? 4 : 0);
    if (in.size() < size)
        return {};
    const std::uint64_t length = len7 == 127 ? len64 : len7 == 126 ? len16 : len7;
    header = {fin, rsv1, rsv2, rsv3, static_cast<protocol::opcode>(op), masked, length, {}};
    for (std::size_t i = 0; masked && i < 4; ++i)
        header.key[i] = in[key_at + i];
    return {size, {}};
}

}  // namespace websock::test
