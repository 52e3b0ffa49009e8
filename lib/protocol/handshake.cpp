#include "handshake.hpp"

#include <algorithm>
#include <iterator>

#include "accept_key.hpp"
#include "http_tokens.hpp"

namespace websock::protocol {
namespace {

// Whether any of the fields of that name lists the token; a list may be spread over several fields
// (RFC 7230 §3.2.2).
bool any_lists(const http_head& head, std::string_view name, std::string_view token) {
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        const header_field field = head.field(i);
        if (iequals(field.name, name) && list_contains(field.value, token)) {
            return true;
        }
    }
    return false;
}

// RFC 6455 §9.1: "a |Sec-WebSocket-Extensions| header field … MAY be split or combined across
// multiple lines"; one that breaks the grammar fails the handshake: nothing. A field without any
// value breaks it, too, but is what python3-websockets sends for an empty list: as if it were not
// there.
std::optional<std::vector<extension>> list_extensions(const http_head& head) {
    std::vector<extension> all;
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        const header_field field = head.field(i);
        if (!iequals(field.name, "Sec-WebSocket-Extensions") || field.value.empty()) {
            continue;
        }
        // [6455-9.1-1]
        auto some = parse_extensions(field.value);
        if (!some) {
            return std::nullopt;
        }
        std::ranges::move(*some, std::back_inserter(all));
    }
    return all;
}

// The target without "scheme://authority"; empty if it is neither a path nor an absolute URI.
std::string_view origin_form(std::string_view target) noexcept {
    if (target.starts_with('/')) {
        return target;
    }
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) {
        return {};
    }
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!iequals(scheme, "http") && !iequals(scheme, "https") && !iequals(scheme, "ws") &&
        !iequals(scheme, "wss")) {
        return {};
    }
    const std::size_t path = target.find_first_of("/?", scheme_end + 3);
    return path == std::string_view::npos ? "/" : target.substr(path);
}

struct status_text {
    unsigned status;
    std::string_view reason;
};

status_text status_for(const error_code& why) noexcept {
    if (why.category() == error_category()) {
        switch (static_cast<error>(why.value())) {
            case error::bad_request:
                return {400, "Bad Request"};
            case error::not_found:
                return {404, "Not Found"};
            case error::method_not_allowed:
                return {405, "Method Not Allowed"};
            case error::request_timeout:
                return {408, "Request Timeout"};
            case error::target_too_long:
                return {414, "URI Too Long"};
            case error::upgrade_required:
                return {426, "Upgrade Required"};
            case error::header_too_large:
                return {431, "Request Header Fields Too Large"};
            case error::over_capacity:
                return {503, "Service Unavailable"};
            default:
                break;
        }
    }
    return {500, "Internal Server Error"};
}

void add(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(": ").append(value).append("\r\n");
}

std::string response(const status_text& status, std::string_view date) {
    std::string text = "HTTP/1.1 " + std::to_string(status.status) + ' ';
    text.append(status.reason).append("\r\n");
    add(text, "Date", date);
    return text;
}

}  // namespace

// [6455-4.2.1-1]
error_code judge_request(const request& head) noexcept {
    if (head.version() != 11 && head.version() != 10) {
        return error::bad_request;
    }
    // RFC 7230 §5.4: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1
    // request message that lacks a Host header field and to any request message that contains more
    // than one Host header field or a Host header field with an invalid field-value."
    const std::size_t hosts = head.count("Host");
    if (hosts > 1 || (hosts == 0 && head.version() == 11)) {
        return error::bad_request;
    }
    if (hosts == 1 && head.header("Host")->find_first_of(" \t,/") != std::string_view::npos) {
        return error::bad_request;
    }
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    };
    // RFC 6455 §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST
    // NOT be used on these URIs."
    if (origin_form(head.target()).empty() || std::ranges::any_of(head.target(), is_control) ||
        head.target().find('#') != std::string_view::npos) {
        return error::bad_request;
    }
    return {};
}

std::string_view route_path(const request& head) noexcept {
    const std::string_view path = origin_form(head.target());
    return path.substr(0, path.find('?'));
}

error_code judge_no_body(const request& head) noexcept {
    const auto length = head.header("Content-Length");
    if (head.count("Transfer-Encoding") > 0 || head.count("Content-Length") > 1 ||
        (length && *length != "0")) {
        return error::bad_request;
    }
    return {};
}

// [6455-4.2.1-1]
error_code judge_upgrade(const request& head) noexcept {
    // RFC 6455 §4.2.1: "1. An HTTP/1.1 or higher GET request"
    if (head.method() != "GET") {
        return error::method_not_allowed;
    }
    // "3. An |Upgrade| header field containing the value "websocket", treated as an ASCII
    // case-insensitive value."
    if (!any_lists(head, "Upgrade", "websocket")) {
        return error::upgrade_required;
    }
    if (head.version() != 11) {
        return error::bad_request;
    }
    // "4. A |Connection| header field that includes the token "Upgrade""
    if (!any_lists(head, "Connection", "upgrade")) {
        return error::bad_request;
    }
    // §4.4: "If the server doesn't support the requested version, it MUST respond with a
    // |Sec-WebSocket-Version| header field ... containing all versions it is willing to use."
    const std::size_t versions = head.count("Sec-WebSocket-Version");
    if (versions > 1) {
        return error::bad_request;  // §11.3.5: "MUST NOT appear more than once"
    }
    // [6455-4.2.2-4, 6455-4.4-1]
    if (versions == 0 || *head.header("Sec-WebSocket-Version") != "13") {
        return error::upgrade_required;
    }
    // "5. A |Sec-WebSocket-Key| header field with a base64-encoded value that, when decoded, is 16
    // bytes in length."
    if (head.count("Sec-WebSocket-Key") != 1 ||
        !is_websocket_key(*head.header("Sec-WebSocket-Key"))) {
        return error::bad_request;
    }
    // "8. Optionally, a |Sec-WebSocket-Protocol| header field", §4.3: a list of tokens. (A field
    // without a value is as good as none: see list_extensions.)
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        const header_field field = head.field(i);
        if (iequals(field.name, "Sec-WebSocket-Protocol") && !field.value.empty() &&
            parse_token_list(field.value).value_or(std::vector<std::string_view>()).empty()) {
            return error::bad_request;
        }
    }
    return judge_no_body(head);
}

std::string_view choose_subprotocol(const request& head, std::span<const std::string> supported) {
    // RFC 6455 §4.1: "The |Sec-WebSocket-Protocol| header field MAY appear multiple times in an
    // HTTP request (which is logically the same as a single ... field that contains all values)".
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        const header_field field = head.field(i);
        if (!iequals(field.name, "Sec-WebSocket-Protocol")) {
            continue;
        }
        const auto offered = parse_token_list(field.value);
        for (const std::string_view name : offered.value_or(std::vector<std::string_view>())) {
            // [6455-4.2.2-6]
            const auto found = std::ranges::find(supported, name);
            if (found != supported.end()) {
                return *found;
            }
        }
    }
    return {};
}

std::optional<std::vector<extension>> offered_extensions(const request& head) {
    return list_extensions(head);
}

std::string upgrade_response(const request& head, const agreement& agreed, std::string_view date) {
    // [6455-4.2.2-1, 6455-4.2.2-10]
    std::string text = response({101, "Switching Protocols"}, date);
    add(text, "Upgrade", "websocket");
    add(text, "Connection", "Upgrade");
    add(text, "Sec-WebSocket-Accept", accept_key(*head.header("Sec-WebSocket-Key")));
    // [6455-4.2.2-7]
    if (!agreed.subprotocol.empty()) {
        add(text, "Sec-WebSocket-Protocol", agreed.subprotocol);
    }
    // [6455-4.2.2-9, 6455-9-1]
    if (!agreed.extensions.empty()) {
        add(text, "Sec-WebSocket-Extensions", agreed.extensions);
    }
    return text += "\r\n";
}

unsigned http_status_for(const error_code& why) noexcept { return status_for(why).status; }

std::string refusal_response(const error_code& why, std::string_view allow, std::string_view date,
                             bool head_only) {
    const status_text status = status_for(why);
    const std::string body =
        std::to_string(status.status) + ' ' + std::string(status.reason) + '\n';
    std::string text = response(status, date);
    add(text, "Content-Type", "text/plain; charset=utf-8");
    add(text, "Content-Length", std::to_string(body.size()));
    if (status.status == 426) {
        // RFC 7231 §6.5.15: "The server MUST send an Upgrade header field in a 426 response".
        add(text, "Upgrade", "websocket");
        add(text, "Connection", "Upgrade, close");
        // [6455-4.4-1]
        add(text, "Sec-WebSocket-Version", "13");
    } else {
        add(text, "Connection", "close");
    }
    if (!allow.empty()) {
        add(text, "Allow", allow);
    }
    text += "\r\n";
    return head_only ? text : text + body;
}

std::string page_response(const page& content, std::string_view date, bool head_only) {
    std::string text = response({200, "OK"}, date);
    add(text, "Content-Type", content.content_type);
    add(text, "Content-Length", std::to_string(content.body.size()));
    add(text, "X-Content-Type-Options", "nosniff");
    add(text, "Connection", "close");
    text += "\r\n";
    return head_only ? text : text + content.body;
}

std::string upgrade_request(const upgrade_wish& wish, std::span<const header_field> extra) {
    std::string text = "GET ";
    // [6455-4.1-15, 6455-4.1-16, 6455-4.1-17, 6455-4.1-18]
    text.append(wish.target).append(" HTTP/1.1\r\n");
    // [6455-4.1-19]
    add(text, "Host", wish.host);
    // [6455-4.1-20, 6455-4.1-21, 6455-4.1-22, 6455-4.1-23]
    add(text, "Upgrade", "websocket");
    add(text, "Connection", "Upgrade");
    // [6455-4.1-24]
    add(text, "Sec-WebSocket-Key", wish.key);
    // [6455-4.1-28, 6455-4.1-29]
    add(text, "Sec-WebSocket-Version", "13");
    if (!wish.subprotocols.empty()) {
        std::string list;
        for (const std::string& name : wish.subprotocols) {
            list.append(list.empty() ? "" : ", ").append(name);
        }
        add(text, "Sec-WebSocket-Protocol", list);
    }
    if (wish.deflate != nullptr && wish.deflate->enabled) {
        // [7692-5-1]
        add(text, "Sec-WebSocket-Extensions", make_offer(*wish.deflate));
    }
    for (const header_field& field : extra) {
        add(text, field.name, field.value);
    }
    return text += "\r\n";
}

// [6455-4.1-33, 6455-4.1-39]
error_code judge_upgrade_response(const http_response& head, const upgrade_wish& wish,
                                  agreement& agreed) {
    if (head.status() < 100) {
        return error::bad_upgrade_response;
    }
    if (head.status() != 101) {
        return error::upgrade_declined;
    }
    // RFC 6455 §4.1: "If the response lacks an |Upgrade| header field or the |Upgrade| header field
    // contains a value that is not an ASCII case-insensitive match for the value "websocket", the
    // client MUST _Fail the WebSocket Connection_."
    // [6455-4.1-34]
    if (head.version() != 11 || head.count("Upgrade") != 1 ||
        !iequals(*head.header("Upgrade"), "websocket")) {
        return error::bad_upgrade_response;
    }
    // "If the response lacks a |Connection| header field or the |Connection| header field doesn't
    // contain a token that is an ASCII case-insensitive match for the value "Upgrade", the client
    // MUST _Fail the WebSocket Connection_."
    // [6455-4.1-35]
    if (!any_lists(head, "Connection", "upgrade")) {
        return error::bad_upgrade_response;
    }
    // "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept|
    // contains a value other than the base64-encoded SHA-1 … the client MUST _Fail the WebSocket
    // Connection_."
    // [6455-4.1-36]
    if (head.count("Sec-WebSocket-Accept") != 1 ||
        *head.header("Sec-WebSocket-Accept") != accept_key(wish.key)) {
        return error::bad_upgrade_response;
    }
    // "If the response includes a |Sec-WebSocket-Protocol| header field and this header field
    // indicates the use of a subprotocol that was not present in the client's handshake …, the
    // client MUST _Fail the WebSocket Connection_." §11.3.4: at most one in a response.
    // [6455-4.1-38]
    if (const std::size_t count = head.count("Sec-WebSocket-Protocol"); count > 0) {
        agreed.subprotocol = *head.header("Sec-WebSocket-Protocol");
        if (count > 1 ||
            std::ranges::find(wish.subprotocols, agreed.subprotocol) == wish.subprotocols.end()) {
            return error::bad_upgrade_response;
        }
    }
    const auto answer = list_extensions(head);
    if (!answer) {
        return error::bad_upgrade_response;
    }
    for (std::size_t i = 0; i < head.field_count() && agreed.extensions.empty(); ++i) {
        if (iequals(head.field(i).name, "Sec-WebSocket-Extensions")) {
            agreed.extensions = head.field(i).value;  // the first that is not empty
        }
    }
    const deflate_options nothing;
    // [6455-4.1-37, 7692-5-10]
    return judge_answer(*answer, wish.deflate != nullptr ? *wish.deflate : nothing, agreed.deflate);
}

}  // namespace websock::protocol
