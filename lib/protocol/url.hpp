// ws and wss URLs (RFC 6455 §3, RFC 3986), read strictly: what two readers could understand in two
// ways is refused, and so nothing in a URL can end a header line or name another host than it says.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <websock/error.hpp>

namespace websock::protocol {

/// The parts of a URL, as a client needs them.
struct ws_url {
    bool secure = false;     ///< wss
    std::string host;        ///< name or address to connect to: lower case, no brackets
    std::uint16_t port = 0;  ///< 80 or 443 if the URL names none
    std::string host_field;  ///< for the Host field: IPv6 in brackets, ":port" if not the default
    std::string target;      ///< for the request line: path and query, as in the URL
    bool has_credentials = false;   ///< "user@" or "user:password@"
    std::string userinfo_user;      ///< decoded: any bytes but control characters and ':'
    std::string userinfo_password;  ///< decoded: any bytes but control characters; maybe empty

    friend bool operator==(const ws_url&, const ws_url&) = default;
};

/// Parses "ws://" or "wss://" (any case), host, port, path and query. A host is a name of letters,
/// digits, '-', '_' and dots (an international name in its "xn--" form), four decimal numbers, or
/// an IPv6 address in brackets without a zone. error::bad_argument for anything else, such as a
/// fragment (RFC 6455 §3: "MUST NOT be used"), another scheme, or a character that RFC 3986 wants
/// percent-encoded.
[[nodiscard]] boost::system::result<ws_url> parse_ws_url(std::string_view url);

/// The URL without user and password, for a log line or the text of an error; of a URL that does
/// not parse, without all that may belong to them. What is not printable ASCII becomes '?'.
[[nodiscard]] std::string without_credentials(std::string_view url);

/// The value of an Authorization field (RFC 7617 §2): "Basic ", and base64 of both with a colon
/// between them. `user` must hold no colon, or it would end there.
[[nodiscard]] std::string basic_credentials(std::string_view user, std::string_view password);

}  // namespace websock::protocol
