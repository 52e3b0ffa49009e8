// Negotiation of permessage-deflate (RFC 7692 §5, §7.1): a server judges offers, a client judges
// the answer. Nothing is thrown: an offer that cannot be accepted is declined.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <websock/error.hpp>
#include <websock/options.hpp>

#include "http_tokens.hpp"
#include "role.hpp"

namespace websock::protocol {

inline constexpr std::string_view permessage_deflate = "permessage-deflate";

/// The agreed parameters (§7.1.1, §7.1.2).
struct deflate_params {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    int server_max_window_bits = 15;
    int client_max_window_bits = 15;

    /// Of the direction in which `side` sends.
    [[nodiscard]] bool takes_over(role side) const noexcept {
        return !(side == role::server ? server_no_context_takeover : client_no_context_takeover);
    }
    [[nodiscard]] int window_bits(role side) const noexcept {
        return side == role::server ? server_max_window_bits : client_max_window_bits;
    }

    friend bool operator==(const deflate_params&, const deflate_params&) = default;
};

/// What a server answers with, and what has been agreed by it.
struct deflate_acceptance {
    deflate_params params;
    std::string response;  ///< value of the Sec-WebSocket-Extensions field
};

/// Server: accepts the first offer that can be accepted; nothing if there is none. An offer with an
/// unknown or repeated parameter, or with a value that is none, is declined (§7), and so is one
/// that demands a server window of 8 bits.
[[nodiscard]] std::optional<deflate_acceptance> accept_offer(std::span<const extension> offers,
                                                             const deflate_options& wanted);

/// Client: the value of Sec-WebSocket-Extensions that asks for `wanted`.
[[nodiscard]] std::string make_offer(const deflate_options& wanted);

/// Client: judges the server's answer to make_offer(wanted). Sets `agreed` if the extension is in
/// use. error::bad_upgrade_response for whatever was not offered (RFC 6455 §4.1, RFC 7692 §7).
[[nodiscard]] error_code judge_answer(std::span<const extension> answer,
                                      const deflate_options& wanted,
                                      std::optional<deflate_params>& agreed);

/// Names the first option that is out of its range; empty if all are good.
[[nodiscard]] std::string_view find_bad_option(const deflate_options& options) noexcept;

}  // namespace websock::protocol
