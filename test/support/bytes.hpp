// Bytes for tests, written the way RFCs print them.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace websock::test {

using byte_vector = std::vector<std::byte>;

/// Reads hexadecimal digit pairs, with or without spaces: `bytes("81 05 48 65")`. Throws
/// std::invalid_argument on anything else.
inline byte_vector bytes(std::string_view hex) {
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    std::string pairs;
    for (const char c : hex)
        if (c != ' ')
            pairs += c;
    if (pairs.size() % 2 != 0 || pairs.find_first_not_of(digits) != std::string::npos)
        throw std::invalid_argument("not hexadecimal: " + std::string(hex));
    byte_vector result;
    for (std::size_t i = 0; i < pairs.size(); i += 2)
        result.push_back(static_cast<std::byte>(std::stoi(pairs.substr(i, 2), nullptr, 16)));
    return result;
}

/// Copies the characters of `text`.
inline byte_vector text_bytes(std::string_view text) {
    const auto view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
}

/// Copies bytes into a string, for comparing and printing.
inline std::string to_text(std::span<const std::byte> data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Prints bytes the way `bytes` reads them.
inline std::string to_hex(std::span<const std::byte> data) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    for (const std::byte b : data) {
        const auto value = std::to_integer<std::size_t>(b);
        if (!result.empty())
            result += ' ';
        result += digits[value / 16];
        result += digits[value % 16];
    }
    return result;
}

/// Appends all of `tail` to `head`.
inline void append(byte_vector& head, std::span<const std::byte> tail) {
    head.insert(head.end(), tail.begin(), tail.end());
}

}  // namespace websock::test
