// The lexical parts of HTTP header fields that the opening handshake needs (RFC 7230 §3.2.6, §7;
// RFC 6455 §9.1): tokens, comma lists, quoted strings, extension parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace websock::protocol {

/// tchar of RFC 7230 §3.2.6.
[[nodiscard]] bool is_token_char(char c) noexcept;
/// One or more tchar.
[[nodiscard]] bool is_token(std::string_view text) noexcept;
/// ASCII case-insensitive equality.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;

/// Splits a `#token` list at its commas, trims white space and drops empty elements (RFC 7230 §7);
/// nothing if an element is not a token. The views are into `list`.
[[nodiscard]] std::optional<std::vector<std::string_view>> parse_token_list(std::string_view list);

/// Says whether the comma list contains `token` (any case). Elements that are no plain token, such
/// as "h2c; q=1", are skipped.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view token) noexcept;

struct extension_parameter {
    std::string name;
    std::optional<std::string> value;  ///< unquoted

    friend bool operator==(const extension_parameter&, const extension_parameter&) = default;
};

struct extension {
    std::string name;
    std::vector<extension_parameter> parameters;

    friend bool operator==(const extension&, const extension&) = default;
};

/// Reads the value of a Sec-WebSocket-Extensions field; nothing if it breaks the grammar, which
/// asks for at least one extension. RFC 6455 §9.1: a quoted value "after quoted-string unescaping
/// MUST conform to the 'token' ABNF".
[[nodiscard]] std::optional<std::vector<extension>> parse_extensions(std::string_view value);

/// Says whether `text` is the base64 (RFC 4648 §4) of exactly 16 bytes: what a Sec-WebSocket-Key
/// must be (RFC 6455 §4.2.1). Pad bits may be anything.
[[nodiscard]] bool is_websocket_key(std::string_view text) noexcept;

}  // namespace websock::protocol
