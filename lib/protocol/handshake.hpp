// The opening handshake (RFC 6455 §4): judge a request or a response, build the answer. Pure: the
// date is an argument, and so is the client's nonce.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <websock/error.hpp>
#include <websock/options.hpp>
#include <websock/request.hpp>
#include <websock/response.hpp>

#include "deflate_params.hpp"

namespace websock::protocol {

/// What any request must satisfy: HTTP/1.0 or 1.1, one Host (RFC 7230 §5.4), a target that is a
/// path or an absolute http(s)/ws(s) URI without a fragment. error::bad_request if not.
[[nodiscard]] error_code judge_request(const request& head) noexcept;

/// The path that selects the route: the target without scheme, authority and query.
[[nodiscard]] std::string_view route_path(const request& head) noexcept;

/// No Content-Length but 0, and no Transfer-Encoding: error::bad_request otherwise.
[[nodiscard]] error_code judge_no_body(const request& head) noexcept;

/// Judges a request to a WebSocket route by RFC 6455 §4.2.1: method_not_allowed, upgrade_required
/// (no upgrade to WebSocket, or another version than 13) or bad_request. `head` has passed
/// judge_request.
[[nodiscard]] error_code judge_upgrade(const request& head) noexcept;

/// The first subprotocol of the client's list that the server supports; empty if there is none. The
/// view is into `supported`.
[[nodiscard]] std::string_view choose_subprotocol(const request& head,
                                                  std::span<const std::string> supported);

/// What the client offers in its Sec-WebSocket-Extensions fields, in its order (§9.1); nothing if
/// one of them breaks the grammar, which fails the handshake.
[[nodiscard]] std::optional<std::vector<extension>> offered_extensions(const request& head);

/// What has been agreed on besides WebSocket itself.
struct agreement {
    std::string subprotocol;  ///< empty if none
    std::string extensions;   ///< the server's Sec-WebSocket-Extensions; empty if none
    std::optional<deflate_params> deflate;
};

/// 101 for an accepted upgrade (§4.2.2). `date` is an IMF-fixdate.
[[nodiscard]] std::string upgrade_response(const request& head, const agreement& agreed,
                                           std::string_view date);

/// The HTTP status that a refusal is answered with; 500 for what is not a handshake error.
[[nodiscard]] unsigned http_status_for(const error_code& why) noexcept;

/// An answer that refuses, and says that the connection closes. `allow` fills the Allow field of a
/// 405; `head_only` leaves the body out (for HEAD).
[[nodiscard]] std::string refusal_response(const error_code& why, std::string_view allow,
                                           std::string_view date, bool head_only);

/// 200 with the page; the connection closes.
[[nodiscard]] std::string page_response(const page& content, std::string_view date, bool head_only);

/// What a client asks for (§4.1).
struct upgrade_wish {
    std::string host;    ///< for the Host field
    std::string target;  ///< path and query
    std::string key;     ///< from encode_websocket_key()
    std::span<const std::string> subprotocols;
    const deflate_options* deflate = nullptr;  ///< offered if enabled
};

/// A client's request: the fields above, and `extra`.
[[nodiscard]] std::string upgrade_request(const upgrade_wish& wish,
                                          std::span<const header_field> extra);

/// Judges a response by §4.1: upgrade_declined for another status than 101, bad_upgrade_response
/// for one that does not complete the handshake (wrong Upgrade, Connection or accept key, a
/// subprotocol or an extension that was not asked for). Fills in `agreed` on success.
[[nodiscard]] error_code judge_upgrade_response(const http_response& head, const upgrade_wish& wish,
                                                agreement& agreed);

}  // namespace websock::protocol
