#include "url.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "accept_key.hpp"
#include "ascii.hpp"
#include "http_tokens.hpp"

namespace websock::protocol {
namespace {

/// 0 to 15, or -1.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c))
        return c - '0';
    return to_lower(c) >= 'a' && to_lower(c) <= 'f' ? to_lower(c) - 'a' + 10 : -1;
}

constexpr bool is_hex_digit(char c) noexcept { return hex_value(c) >= 0; }

// RFC 3986 §2.2, §2.3: "unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"", "sub-delims = "!" /
// "$" / "&" / "'" / "(" / ")" / "*" / "+" / "," / ";" / "="".
constexpr bool is_unreserved_or_sub_delim(char c) noexcept {
    constexpr std::string_view others = "-._~!$&'()*+,;=";
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
}

/// Takes the first character, or the three of a percent-escape (RFC 3986 §2.1), off the text; -1 if
/// it is neither an escape, nor one of those above, nor one of `others`.
int take_octet(std::string_view& text, std::string_view others) noexcept {
    const char first = text.front();
    if (first != '%') {
        text.remove_prefix(1);
        const bool allowed =
            is_unreserved_or_sub_delim(first) || others.find(first) != std::string_view::npos;
        return allowed ? first : -1;
    }
    if (text.size() < 3 || !is_hex_digit(text[1]) || !is_hex_digit(text[2]))
        return -1;
    const int octet = hex_value(text[1]) * 16 + hex_value(text[2]);
    text.remove_prefix(3);
    return octet;
}

// RFC 3986 §3.3, §3.4: "pchar = unreserved / pct-encoded / sub-delims / ":" / "@"", "query = *(
// pchar / "/" / "?" )".
bool is_path_and_query(std::string_view text) noexcept {
    while (!text.empty())
        if (take_octet(text, ":@/?") < 0)
            return false;
    return true;
}

// RFC 7617 §2: "The user-id and password MUST NOT contain any control characters".
std::optional<std::string> decoded_credential(std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        const int octet = take_octet(text, ":");
        if (octet < 0x20 || octet == 0x7F)
            return std::nullopt;
        decoded += static_cast<char>(octet);
    }
    return decoded;
}

// RFC 3986 §3.2.1: "userinfo = *( unreserved / pct-encoded / sub-delims / ":" )".
bool read_userinfo(std::string_view text, ws_url& url) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    std::optional<std::string> user = decoded_credential(text.substr(0, colon));
    std::optional<std::string> password =
        decoded_credential(text.substr(std::min(colon + 1, text.size())));
    // RFC 7617 §2: "a user-id containing a colon character is invalid"; here it was an escape.
    if (!user || !password || user->find(':') != std::string::npos)
        return false;
    url.has_credentials = !text.empty();
    url.userinfo_user = std::move(*user);
    url.userinfo_password = std::move(*password);
    return true;
}

/// Takes the text up to the separator, and the separator, off its front; all of it if there is
/// none.
std::string_view take_until(std::string_view& text, char separator) noexcept {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

// RFC 3986 §3.2.2: "dec-octet = DIGIT / %x31-39 DIGIT / "1" 2DIGIT / …": no leading zeros, which
// some take for octal.
bool is_dec_octet(std::string_view text) noexcept {
    if (text.empty() || text.size() > 3 || !std::ranges::all_of(text, is_digit))
        return false;
    if (text.size() > 1 && text.front() == '0')
        return false;
    return text.size() < 3 || text <= "255";
}

bool is_ipv4_address(std::string_view text) noexcept {
    if (std::ranges::count(text, '.') != 3 || text.ends_with('.'))
        return false;
    while (!text.empty())
        if (!is_dec_octet(take_until(text, '.')))
            return false;
    return true;
}

/// How many 16-bit groups these stand for: hexadecimal ones with colons between them, the last two
/// maybe as an IPv4 address. -1 if they are none. Nothing stands for no group.
int count_groups(std::string_view text) noexcept {
    if (text.ends_with(':'))
        return -1;
    int groups = 0;
    while (!text.empty()) {
        const std::string_view group = take_until(text, ':');
        if (text.empty() && is_ipv4_address(group))
            return groups + 2;
        if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex_digit))
            return -1;
        ++groups;
    }
    return groups;
}

// RFC 4291 §2.2: "The use of "::" indicates one or more groups of 16 bits of zeros. The "::" can
// only appear once in an address."
bool is_ipv6_address(std::string_view text) noexcept {
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos)
        return count_groups(text) == 8;
    const std::string_view head = text.substr(0, gap);
    const int before = count_groups(head);
    const int after = count_groups(text.substr(gap + 2));
    // An IPv4 address may only be at the very end.
    return before >= 0 && after >= 0 && before + after <= 7 &&
           head.find('.') == std::string_view::npos;
}

bool is_label_char(char c) noexcept { return is_alphanumeric(c) || c == '-' || c == '_'; }

/// Whether resolvers may take a name that ends in this label for an IPv4 address in one of its rare
/// forms (RFC 3986 §7.4): "127.1", "0x7f000001".
bool is_numeric_label(std::string_view label) noexcept {
    if (label.starts_with("0x") || label.starts_with("0X"))
        return std::ranges::all_of(label.substr(2), is_hex_digit);
    return std::ranges::all_of(label, is_digit);
}

// RFC 3986 §3.2.2: "a registered name intended for lookup in the DNS uses the syntax defined in
// Section 3.5 of [RFC1034]"; underscores are common in practice. RFC 1035 §2.3.4: "labels 63
// octets or less, names 255 octets or less", on the wire: 253 as text.
bool is_host_name(std::string_view text) noexcept {
    if (text.ends_with('.'))  // the root, said explicitly
        text.remove_suffix(1);
    if (text.empty() || text.size() > 253 || text.ends_with('.'))
        return false;
    std::string_view label;
    while (!text.empty()) {
        label = take_until(text, '.');
        if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, is_label_char))
            return false;
    }
    return !is_numeric_label(label);
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), to_lower);
    return lower;
}

// RFC 3986 §3.2.3: "port = *DIGIT"; §6.2.3: an empty port is the scheme's.
bool read_port(std::string_view digits, ws_url& url) noexcept {
    constexpr std::uint32_t largest = 65'535;
    std::uint32_t port = 0;
    for (const char c : digits) {
        if (!is_digit(c) || port > largest)
            return false;
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (!digits.empty())
        url.port = static_cast<std::uint16_t>(port);
    return digits.empty() || (port >= 1 && port <= largest);
}

// RFC 3986 §3.2.2: "host = IP-literal / IPv4address / reg-name". Takes it off the authority, and
// leaves ":port" or nothing.
bool read_host(std::string_view& authority, ws_url& url) {
    if (!authority.starts_with('[')) {
        const std::string_view name = authority.substr(0, authority.find(':'));
        url.host = lower_case(name);
        url.host_field = url.host;
        authority.remove_prefix(name.size());
        return is_ipv4_address(name) || is_host_name(name);
    }
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos)
        return false;
    url.host = lower_case(authority.substr(1, bracket - 1));
    url.host_field = '[' + url.host + ']';
    authority.remove_prefix(bracket + 1);
    return is_ipv6_address(url.host);
}

// RFC 3986 §3.2: "authority = [ userinfo "@" ] host [ ":" port ]".
bool read_authority(std::string_view authority, ws_url& url) {
    const std::size_t at = authority.find('@');
    if (at != std::string_view::npos) {
        if (!read_userinfo(authority.substr(0, at), url))
            return false;
        authority.remove_prefix(at + 1);
    }
    const std::uint16_t default_port = url.secure ? 443 : 80;
    url.port = default_port;
    if (!read_host(authority, url))
        return false;
    if (!authority.empty() && (authority.front() != ':' || !read_port(authority.substr(1), url)))
        return false;
    if (url.port != default_port)
        url.host_field.append(1, ':').append(std::to_string(url.port));
    return true;
}

/// Takes "scheme://" off the URL; empty if it does not begin with one of the schemes.
std::string_view take_scheme(std::string_view& url,
                             std::span<const std::string_view> schemes) noexcept {
    const std::size_t end = url.find("://");
    const std::string_view scheme = url.substr(0, end);
    const auto same = [&](std::string_view known) { return iequals(known, scheme); };
    if (end == std::string_view::npos || !std::ranges::any_of(schemes, same))
        return {};
    url.remove_prefix(end + 3);
    return scheme;
}

}  // namespace

// RFC 6455 §3: "ws-URI = "ws:" "//" host [ ":" port ] path [ "?" query ]", and the same with
// "wss:". No rule below lets a '#' through: "Fragment identifiers are meaningless in the context of
// WebSocket URIs and MUST NOT be used on these URIs."
// [6455-4.1-2, 6455-4.1-3]
boost::system::result<ws_url> parse_ws_url(std::string_view url) {
    static constexpr std::array<std::string_view, 2> schemes{"ws", "wss"};
    ws_url parsed;
    const std::string_view scheme = take_scheme(url, schemes);
    parsed.secure = scheme.size() == 3;
    const std::size_t authority_end = std::min(url.find_first_of("/?"), url.size());
    if (scheme.empty() || !read_authority(url.substr(0, authority_end), parsed))
        return make_error_code(error::bad_argument);
    // §3: the resource name is ""/" if the path component is empty", the path, and "?" and the
    // query.
    const std::string_view target = url.substr(authority_end);
    if (!is_path_and_query(target))
        return make_error_code(error::bad_argument);
    if (!target.starts_with('/'))
        parsed.target.push_back('/');  // g++ 12 warns of an assignment here
    parsed.target += target;
    return parsed;
}

std::string without_credentials(std::string_view url) {
    static constexpr std::array<std::string_view, 4> schemes{"ws", "wss", "http", "https"};
    // Where the URL is sound, an '@' behind the authority belongs to the path or the query. Where
    // it is not, it may follow a password that should have been encoded.
    const bool sound = parse_ws_url(url).has_value();
    std::string_view rest = url;
    take_scheme(rest, schemes);
    std::string text(url.substr(0, url.size() - rest.size()));
    const std::size_t authority_end = sound ? rest.find_first_of("/?") : std::string_view::npos;
    const std::size_t at = rest.substr(0, authority_end).rfind('@');
    text += at == std::string_view::npos ? rest : rest.substr(at + 1);
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

std::string basic_credentials(std::string_view user, std::string_view password) {
    std::string both(user);
    both.append(1, ':').append(password);
    return "Basic " + encode_base64(std::as_bytes(std::span(both)));
}

}  // namespace websock::protocol
