// HTTP lexing for the opening handshake: RFC 7230 §3.2.6 (tokens, quoted strings) and §7 (lists),
// RFC 6455 §9.1 (extensions). A cursor over a string_view; nothing is thrown.
#include "http_tokens.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "ascii.hpp"

namespace websock::protocol {
namespace {

// RFC 7230 §3.2.3: "OWS = *( SP / HTAB )".
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr bool is_base64_char(char c) noexcept {
    return is_alphanumeric(c) || c == '+' || c == '/';
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Where the list element at the front of `list` ends: at a comma outside quotes, or at the end.
std::size_t element_end(std::string_view list) noexcept {
    bool quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == '"')
            quoted = !quoted;
        else if (quoted && list[i] == '\\')
            ++i;
        else if (!quoted && list[i] == ',')
            return i;
    }
    return list.size();
}

/// Takes the element at the front of a comma list, trimmed, and the comma after it.
std::string_view take_element(std::string_view& list) noexcept {
    const std::size_t end = element_end(list);
    const std::string_view element = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    return element;
}

/// Reads the grammar of one extension from the front of a text. Each function skips the white
/// space before what it takes (RFC 6455 §9.1 builds on the ABNF of RFC 2616, whose §2.1 says:
/// "implied *LWS").
class extension_reader {
public:
    explicit extension_reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool at_end() noexcept {
        skip_space();
        return rest_.empty();
    }

    [[nodiscard]] bool take(char c) noexcept {
        skip_space();
        if (rest_.empty() || rest_.front() != c)
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// Empty if there is none.
    [[nodiscard]] std::string_view take_token() noexcept {
        skip_space();
        const auto end = std::ranges::find_if_not(rest_, is_token_char);
        const auto token = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(token.size());
        return token;
    }

    // RFC 6455 §9.1: "When using the quoted-string syntax variant, the value after quoted-string
    // unescaping MUST conform to the 'token' ABNF."
    /// The text of a quoted string whose opening quote has been taken; nothing if it is no token.
    [[nodiscard]] std::optional<std::string> take_rest_of_quoted() {
        std::string value;
        while (!rest_.empty() && rest_.front() != '"') {
            // RFC 7230 §3.2.6: "quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )".
            if (rest_.front() == '\\')
                rest_.remove_prefix(1);
            if (rest_.empty())
                return std::nullopt;
            value += rest_.front();
            rest_.remove_prefix(1);
        }
        // [6455-4.3-1, 6455-9.1-2]
        if (rest_.empty() || !is_token(value))
            return std::nullopt;
        rest_.remove_prefix(1);
        return value;
    }

private:
    void skip_space() noexcept {
        while (!rest_.empty() && is_space(rest_.front()))
            rest_.remove_prefix(1);
    }

    std::string_view rest_;
};

// RFC 6455 §9.1: "extension-param = token [ "=" (token | quoted-string) ]".
std::optional<extension_parameter> read_parameter(extension_reader& reader) {
    extension_parameter parameter;
    parameter.name = reader.take_token();
    if (parameter.name.empty())
        return std::nullopt;
    if (!reader.take('='))
        return parameter;
    if (reader.take('"')) {
        parameter.value = reader.take_rest_of_quoted();
        if (!parameter.value)
            return std::nullopt;
        return parameter;
    }
    const std::string_view value = reader.take_token();
    if (value.empty())
        return std::nullopt;
    parameter.value = value;
    return parameter;
}

// RFC 6455 §9.1: "extension = extension-token *( ";" extension-param )".
std::optional<extension> read_extension(std::string_view element) {
    extension_reader reader(element);
    extension result;
    result.name = reader.take_token();
    if (result.name.empty())
        return std::nullopt;
    while (reader.take(';')) {
        std::optional<extension_parameter> parameter = read_parameter(reader);
        if (!parameter)
            return std::nullopt;
        result.parameters.push_back(std::move(*parameter));
    }
    if (!reader.at_end())
        return std::nullopt;
    return result;
}

}  // namespace

// RFC 7230 §3.2.6: "tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" /
// "`" / "|" / "~" / DIGIT / ALPHA".
bool is_token_char(char c) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool iequals(std::string_view a, std::string_view b) noexcept {
    // Most names are written as they are known.
    return std::ranges::equal(a, b,
                              [](char x, char y) { return x == y || to_lower(x) == to_lower(y); });
}

std::optional<std::vector<std::string_view>> parse_token_list(std::string_view list) {
    std::vector<std::string_view> tokens;
    while (!list.empty()) {
        const std::string_view element = take_element(list);
        // RFC 7230 §7: "a recipient MUST parse and ignore a reasonable number of empty list
        // elements".
        if (element.empty())
            continue;
        if (!is_token(element))
            return std::nullopt;
        tokens.push_back(element);
    }
    return tokens;
}

bool list_contains(std::string_view list, std::string_view token) noexcept {
    while (!list.empty()) {
        const std::string_view element = take_element(list);
        if (is_token(element) && iequals(element, token))
            return true;
    }
    return false;
}

std::optional<std::vector<extension>> parse_extensions(std::string_view value) {
    std::vector<extension> extensions;
    while (!value.empty()) {
        const std::string_view element = take_element(value);
        if (element.empty())
            continue;
        std::optional<extension> read = read_extension(element);
        if (!read)
            return std::nullopt;
        extensions.push_back(std::move(*read));
    }
    // RFC 6455 §9.1: "extension-list = 1#extension": at least one.
    if (extensions.empty())
        return std::nullopt;
    return extensions;
}

// RFC 6455 §4.2.1: "A |Sec-WebSocket-Key| header field with a base64-encoded […] value that, when
// decoded, is 16 bytes in length." Pad bits that are not zero
// decode all the same, and the RFC's own example has some: "AQIDBAUGBwgJCgsMDQ4PEC==" (§4.1).
bool is_websocket_key(std::string_view text) noexcept {
    return text.size() == 24 && text.ends_with("==") &&
           std::ranges::all_of(text.substr(0, 22), is_base64_char);
}

}  // namespace websock::protocol
