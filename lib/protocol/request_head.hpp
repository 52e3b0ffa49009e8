// The bytes of a request head as they arrive (RFC 7230 §3): where it ends, and whether it keeps
// within the limits. Each byte is looked at once, so a head sent octet by octet costs no more.
#pragma once

#include <cstddef>
#include <span>
#include <websock/error.hpp>
#include <websock/options.hpp>

namespace websock::protocol {

class head_scanner {
public:
    explicit head_scanner(const connection_options& limits) noexcept : limits_(limits) {}

    struct result {
        std::size_t size =
            0;          ///< of the head with its empty line; 0: more input is needed, or `ec`
        error_code ec;  ///< bad_request, target_too_long or header_too_large
    };

    /// `head` is all the input so far, including what earlier calls have seen.
    [[nodiscard]] result feed(std::span<const std::byte> head) noexcept;

private:
    [[nodiscard]] error_code take(char c) noexcept;

    const connection_options& limits_;
    std::size_t seen_ = 0;       // bytes of the head
    std::size_t line_size_ = 0;  // bytes of the present line
    std::size_t lines_ = 0;      // that have ended
    bool after_cr_ = false;
    bool complete_ = false;
};

}  // namespace websock::protocol
