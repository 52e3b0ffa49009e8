// From the bytes of a request head to a `request`: Beast's HTTP parser, and the only use of it.
#pragma once

#include <span>
#include <string>
#include <websock/error.hpp>
#include <websock/request.hpp>

namespace websock::net {

/// Parses a complete head (to its empty line). error::bad_request if it is not HTTP/1.x.
[[nodiscard]] error_code parse_request_head(std::span<const std::byte> bytes, request& head);

/// The present time as an IMF-fixdate (RFC 7231 §7.1.1.1), for the Date field.
[[nodiscard]] std::string http_date();

}  // namespace websock::net
