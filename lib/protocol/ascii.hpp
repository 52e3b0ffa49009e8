// Characters of ASCII, whatever the locale.
#pragma once

namespace websock::protocol {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_letter(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

constexpr bool is_alphanumeric(char c) noexcept { return is_letter(c) || is_digit(c); }

}  // namespace websock::protocol
