// The bytes of an HTTP head as they arrive (RFC 7230 §3): where it ends, and whether it keeps
// within the limits. Each byte is looked at once, so a head sent octet by octet costs no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <websock/error.hpp>
#include <websock/options.hpp>

namespace websock::protocol {

enum class head_kind : std::uint8_t { request, response };

class head_scanner {
public:
    explicit head_scanner(const connection_options& limits,
                          head_kind kind = head_kind::request) noexcept
        : limits_(limits), kind_(kind) {}

    struct result {
        std::size_t size =
            0;          ///< of the head with its empty line; 0: more input is needed, or `ec`
        error_code ec;  ///< bad_request, target_too_long or header_too_large; of a response
                        ///< bad_upgrade_response or header_too_large
    };

    /// `head` is all the input so far, including what earlier calls have seen.
    [[nodiscard]] result feed(std::span<const std::byte> head) noexcept;

private:
    [[nodiscard]] std::size_t skip_text(std::span<const std::byte> head) noexcept;
    [[nodiscard]] error_code take(char c) noexcept;
    [[nodiscard]] bool may_begin_line(char c) const noexcept;
    [[nodiscard]] error malformed() const noexcept {
        return kind_ == head_kind::request ? error::bad_request : error::bad_upgrade_response;
    }

    const connection_options& limits_;
    std::size_t seen_ = 0;       // bytes of the head
    std::size_t line_size_ = 0;  // bytes of the present line
    std::size_t lines_ = 0;      // that have ended
    bool after_cr_ = false;
    bool complete_ = false;
    head_kind kind_;
};

}  // namespace websock::protocol
