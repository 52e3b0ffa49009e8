#include "handshake.hpp"

#include <algorithm>

#include "accept_key.hpp"
#include "http_tokens.hpp"

namespace websock::protocol {
namespace {

// Whether any of the fields of that name lists the token; a list may be spread over several fields
// (RFC 7230 §3.2.2).
bool any_lists(const request& head, std::string_view name, std::string_view token) {
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        const header_field field = head.field(i);
        if (iequals(field.name, name) && list_contains(field.value, token)) {
            return true;
        }
    }
    return false;
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
    if (versions == 0 || *head.header("Sec-WebSocket-Version") != "13") {
        return error::upgrade_required;
    }
    // "5. A |Sec-WebSocket-Key| header field with a base64-encoded value that, when decoded, is 16
    // bytes in length."
    if (head.count("Sec-WebSocket-Key") != 1 ||
        !is_websocket_key(*head.header("Sec-WebSocket-Key"))) {
        return error::bad_request;
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
            const auto found = std::ranges::find(supported, name);
            if (found != supported.end()) {
                return *found;
            }
        }
    }
    return {};
}

std::string upgrade_response(const request& head, std::string_view subprotocol,
                             std::string_view date) {
    std::string text = response({101, "Switching Protocols"}, date);
    add(text, "Upgrade", "websocket");
    add(text, "Connection", "Upgrade");
    add(text, "Sec-WebSocket-Accept", accept_key(*head.header("Sec-WebSocket-Key")));
    if (!subprotocol.empty()) {
        add(text, "Sec-WebSocket-Protocol", subprotocol);
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

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            std::span<const std::string> subprotocols,
                            std::span<const header_field> extra) {
    std::string text = "GET ";
    text.append(target).append(" HTTP/1.1\r\n");
    add(text, "Host", host);
    add(text, "Upgrade", "websocket");
    add(text, "Connection", "Upgrade");
    add(text, "Sec-WebSocket-Key", key);
    add(text, "Sec-WebSocket-Version", "13");
    if (!subprotocols.empty()) {
        std::string list;
        for (const std::string& name : subprotocols) {
            list.append(list.empty() ? "" : ", ").append(name);
        }
        add(text, "Sec-WebSocket-Protocol", list);
    }
    for (const header_field& field : extra) {
        add(text, field.name, field.value);
    }
    return text += "\r\n";
}

error_code judge_upgrade_response(const response_head& head, std::string_view key,
                                  std::span<const std::string> subprotocols) {
    if (head.status != 101) {
        return error::upgrade_declined;
    }
    bool upgrade = false;
    bool connection = false;
    std::size_t accepts = 0;
    std::size_t protocols = 0;
    for (const header_field& field : head.fields) {
        if (iequals(field.name, "Upgrade")) {
            upgrade = upgrade || iequals(field.value, "websocket");
        } else if (iequals(field.name, "Connection")) {
            connection = connection || list_contains(field.value, "upgrade");
        } else if (iequals(field.name, "Sec-WebSocket-Accept")) {
            // RFC 6455 §4.1: "If the response lacks a |Sec-WebSocket-Accept| header field or ...
            // contains a value other than the base64-encoded SHA-1 ... the client MUST _Fail the
            // WebSocket Connection_."
            if (++accepts > 1 || field.value != accept_key(key)) {
                return error::bad_upgrade_response;
            }
        } else if (iequals(field.name, "Sec-WebSocket-Extensions")) {
            return error::bad_upgrade_response;  // "an extension that was not present in the
                                                 // client's handshake"
        } else if (iequals(field.name, "Sec-WebSocket-Protocol")) {
            if (++protocols > 1 ||
                std::ranges::find(subprotocols, field.value) == subprotocols.end()) {
                return error::bad_upgrade_response;
            }
        }
    }
    return upgrade && connection && accepts == 1 ? error_code() : error::bad_upgrade_response;
}

}  // namespace websock::protocol
