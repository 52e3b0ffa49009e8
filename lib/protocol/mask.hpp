// Masking (RFC 6455 §5.3): octet i of the payload XOR octet i mod 4 of the key.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "frame.hpp"
#include "simd_level.hpp"

namespace websock::protocol {

/// Masks or unmasks `bytes` in place; `offset` is the position of their first octet in the payload.
/// Says whether all of them are ASCII then: that is UTF-8, too.
bool apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset) noexcept;

/// The same for a whole payload for which few instructions count more than long vectors.
[[gnu::always_inline]] inline bool apply_mask_short(std::span<std::byte> payload,
                                                    const masking_key& key) noexcept {
    std::byte* at = payload.data();
    std::uint64_t seen = 0;
    const auto mask_word = [&at, &seen](auto word_key) {
        auto word = word_key;
        std::memcpy(&word, at, sizeof word);
        word ^= word_key;
        std::memcpy(at, &word, sizeof word);
        at += sizeof word;
        seen |= word;
    };
    const auto half = std::bit_cast<std::uint32_t>(key);
    const std::uint64_t whole = std::uint64_t{half} << 32 | half;
    for (std::size_t left = payload.size() / 8; left > 0; --left) {
        mask_word(whole);
    }
    if ((payload.size() & 4) != 0) {
        mask_word(half);
    }
    for (std::size_t i = 0; i < (payload.size() & 3); ++i) {
        mask_word(std::to_integer<std::uint8_t>(key[i]));
    }
    return (seen & 0x8080'8080'8080'8080U) == 0;
}

/// The same as apply_mask with the vectors of `level`, which is available: for tests.
bool apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset,
                simd_level level) noexcept;

}  // namespace websock::protocol
