// Text and bytes to test UTF-8 with, for utf8.cpp and utf8_simd.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "support/bytes.hpp"

namespace websock::test {

inline void append_code_point(byte_vector& out, std::uint32_t value) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<std::byte>(byte)); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | value >> 6);
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | value >> 12);
        put(0x80 | (value >> 6 & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | value >> 18);
        put(0x80 | (value >> 12 & 0x3F));
        put(0x80 | (value >> 6 & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

/// Valid text with runs of ASCII and of everything else.
inline byte_vector random_text(std::mt19937& random, std::size_t size) {
    constexpr std::array<std::uint32_t, 5> limits{0x80, 0x80, 0x800, 0x10000, 0x110000};
    byte_vector text;
    while (text.size() < size) {
        const std::uint32_t limit = limits[random() % limits.size()];
        for (auto run = random() % 40; run > 0; --run) {
            const auto value = static_cast<std::uint32_t>(random() % limit);
            append_code_point(text, value >= 0xD800 && value <= 0xDFFF ? 0xFFFD : value);
        }
    }
    return text;
}

// Both sides of every border between byte classes.
inline constexpr std::array<unsigned, 20> border_bytes{0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                                       0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
                                                       0xED, 0xF0, 0xF4, 0xF5, 0xF8, 0xFF};
inline constexpr std::array<unsigned, 14> lead_bytes{0x7F, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
                                                     0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5};

}  // namespace websock::test
