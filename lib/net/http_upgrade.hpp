// From the bytes of a head to a `request` or an `http_response`: Beast's HTTP parser, and the only
// use of it.
#pragma once

#include <span>
#include <string>
#include <websock/error.hpp>
#include <websock/request.hpp>
#include <websock/response.hpp>

namespace websock::net {

/// Parses a complete head (to its empty line). error::bad_request if it is not HTTP/1.x.
[[nodiscard]] error_code parse_request_head(std::span<const std::byte> bytes, request& head);

/// The same for a response; error::bad_upgrade_response. Folded lines are joined by one space (RFC
/// 7230 §3.2.4); a control character, a bare CR or LF, or a space before a colon is refused. A
/// body, announced or there, is not looked at; `head` is untouched after an error.
[[nodiscard]] error_code parse_response_head(std::span<const std::byte> bytes, http_response& head);

/// The present time as an IMF-fixdate (RFC 7231 §7.1.1.1), for the Date field.
[[nodiscard]] std::string http_date();

}  // namespace websock::net
