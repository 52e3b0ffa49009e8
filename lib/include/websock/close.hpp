// How a connection ends: the close codes of RFC 6455 §7.4 and the IANA registry, the reason sent
// with them, and the one `close_info` that each connection ends with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <websock/error.hpp>

namespace websock {

/// Status codes of the closing handshake. Any value of 3000–4999 may be used as well:
/// `static_cast<close_code>(4001)`.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unknown_data = 1003,
    no_status = 1005,  ///< never on the wire: the Close frame had no code
    abnormal = 1006,   ///< never on the wire: the transport ended without a Close frame
    bad_payload = 1007,
    policy_error = 1008,
    too_big = 1009,
    needs_extension = 1010,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
    bad_gateway = 1014,
};

/// Says whether `code` may stand in a Close frame (RFC 6455 §7.4.2, IANA registry): 1000–1003,
/// 1007–1014 and 3000–4999.
// [6455-7.4.1-1, 6455-7.4.1-2, 6455-7.4.1-3]
[[nodiscard]] constexpr bool is_sendable(close_code code) noexcept {
    const auto value = static_cast<std::uint16_t>(code);
    return (value >= 1000 && value <= 1003) || (value >= 1007 && value <= 1014) ||
           (value >= 3000 && value <= 4999);
}

/// Code and text of a Close frame. The text is UTF-8 and at most 123 bytes long (§5.5); `close`
/// cuts a longer one at a code point. (Constructors, not an aggregate: see the g++ 12 note in
/// lib/README.md.)
class close_reason {
public:
    /// 1000 without text.
    close_reason() noexcept = default;
    /// `code` with `text`; no_status sends an empty Close frame.
    close_reason(close_code code, std::string text = {}) noexcept  // NOLINT(*-explicit-*)
        : code_(code), text_(std::move(text)) {}
    /// The same for a number, such as an application's 4001.
    explicit close_reason(std::uint16_t code, std::string text = {}) noexcept
        : code_(static_cast<close_code>(code)), text_(std::move(text)) {}

    [[nodiscard]] close_code code() const noexcept { return code_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    friend bool operator==(const close_reason&, const close_reason&) = default;

private:
    close_code code_ = close_code::normal;
    std::string text_;
};

/// Who began the end of a connection.
enum class initiator : std::uint8_t {
    none,   ///< it has not ended
    local,  ///< this side: close(), a handler's return or exception, a failure that we detected
    peer,   ///< the other side: its Close frame, or its end of the transport
};

/// The one end of a connection.
struct close_info {
    /// The code of the Close frame that began the closing handshake; no_status if it had none;
    /// abnormal if the connection ended without one.
    close_code code = close_code::abnormal;
    /// The text that came with it.
    std::string reason;
    /// Who began.
    websock::initiator initiator = websock::initiator::none;
    /// A Close frame was sent and one was received (RFC 6455 §7.1.4).
    bool clean = false;
    /// Why, where something went wrong; empty after an orderly close.
    error_code ec;
};

}  // namespace websock
