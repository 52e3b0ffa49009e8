// The opening handshake (RFC 6455 §4): each requirement from both sides.
#include "protocol/handshake.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "protocol/accept_key.hpp"

namespace websock::protocol {
namespace {

constexpr const char* rfc_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* date = "Sun, 06 Nov 1994 08:49:37 GMT";

using fields = std::vector<header_field>;

const fields good_fields{{"Host", "example.com"},
                         {"Upgrade", "websocket"},
                         {"Connection", "Upgrade"},
                         {"Sec-WebSocket-Key", rfc_key},
                         {"Sec-WebSocket-Version", "13"}};

request make(const fields& with, std::string_view method = "GET", std::string_view target = "/ws",
             unsigned version = 11) {
    request head(method, target, version);
    for (const header_field& field : with) {
        head.add_field(field.name, field.value);
    }
    return head;
}

// The good fields with one replaced, or removed if `value` is null, and more.
fields with(std::string_view name, const char* value, const fields& more = {}) {
    fields result;
    for (const header_field& field : good_fields) {
        if (field.name != name) {
            result.push_back(field);
        } else if (value != nullptr) {
            result.push_back({name, value});
        }
    }
    result.insert(result.end(), more.begin(), more.end());
    return result;
}

void expect(const fields& given, const error_code& why) {
    const request head = make(given);
    const error_code general = judge_request(head);
    BOOST_TEST((general ? general : judge_upgrade(head)) == why);
}

BOOST_AUTO_TEST_SUITE(opening_handshake)

BOOST_AUTO_TEST_CASE(the_example_of_the_rfc) {
    const request head = make(good_fields);
    BOOST_TEST(!judge_request(head));
    BOOST_TEST(!judge_upgrade(head));
    BOOST_TEST(upgrade_response(head, "chat", date) ==
               "HTTP/1.1 101 Switching Protocols\r\n"
               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Upgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
               "Sec-WebSocket-Protocol: chat\r\n"
               "\r\n");
}

BOOST_AUTO_TEST_CASE(lists_in_any_case_and_over_several_fields) {
    expect(with("Upgrade", "h2c, WebSocket"), {});
    expect(with("Upgrade", "h2c", {{"upgrade", "WEBSOCKET"}}), {});
    expect(with("Connection", "keep-alive, uPGRADE"), {});
    expect(with("Connection", "keep-alive", {{"CONNECTION", "upgrade"}}), {});
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_wrong) {
    const error_code bad = error::bad_request;
    expect(with("Host", nullptr), bad);
    expect(with("Host", "a", {{"Host", "b"}}), bad);
    expect(with("Host", "a b"), bad);
    expect(with("Connection", nullptr), bad);
    expect(with("Connection", "keep-alive"), bad);
    expect(with("Sec-WebSocket-Key", nullptr), bad);
    expect(with("Sec-WebSocket-Key", "c2hvcnQ="), bad);
    expect(with("Sec-WebSocket-Key", rfc_key, {{"Sec-WebSocket-Key", rfc_key}}), bad);
    expect(with("Sec-WebSocket-Version", "13", {{"Sec-WebSocket-Version", "13"}}), bad);
    expect(with("Host", "a", {{"Content-Length", "5"}}), bad);
    expect(with("Host", "a", {{"Transfer-Encoding", "chunked"}}), bad);
    expect(with("Host", "a", {{"Content-Length", "0"}}), {});
}

BOOST_AUTO_TEST_CASE(other_versions_and_plain_requests_get_426) {
    expect(with("Sec-WebSocket-Version", "8"), error::upgrade_required);
    expect(with("Sec-WebSocket-Version", "013"), error::upgrade_required);
    expect(with("Sec-WebSocket-Version", nullptr), error::upgrade_required);
    expect(with("Upgrade", nullptr), error::upgrade_required);
    expect(with("Upgrade", "h2c"), error::upgrade_required);
    const std::string answer = refusal_response(error::upgrade_required, {}, date, false);
    BOOST_TEST(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
    BOOST_TEST(answer.find("\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos);
    BOOST_TEST(answer.find("\r\nUpgrade: websocket\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(method_and_http_version) {
    BOOST_TEST(judge_upgrade(make(good_fields, "POST")) ==
               make_error_code(error::method_not_allowed));
    BOOST_TEST(judge_upgrade(make(good_fields, "GET", "/ws", 10)) ==
               make_error_code(error::bad_request));
    BOOST_TEST(judge_request(make(good_fields, "GET", "/ws", 20)) ==
               make_error_code(error::bad_request));
    BOOST_TEST(!judge_request(make({}, "GET", "/", 10)));  // HTTP/1.0 needs no Host
}

BOOST_AUTO_TEST_CASE(targets) {
    for (const char* const good : {"/", "/ws?x=1", "http://example.com/ws", "WSS://example.com"}) {
        BOOST_TEST(!judge_request(make(good_fields, "GET", good)));
    }
    for (const char* const bad :
         {"ws", "*", "example.com:443", "ftp://a/ws", "/ws#part", "/a\x01", "/a\x7f", "/a b"}) {
        BOOST_TEST(judge_request(make(good_fields, "GET", bad)) ==
                   make_error_code(error::bad_request));
    }
    BOOST_TEST(route_path(make(good_fields, "GET", "/ws?x=/y")) == "/ws");
    BOOST_TEST(route_path(make(good_fields, "GET", "http://example.com/ws?x")) == "/ws");
    BOOST_TEST(route_path(make(good_fields, "GET", "ws://example.com")) == "/");
}

BOOST_AUTO_TEST_CASE(subprotocols_in_the_clients_order) {
    const std::vector<std::string> supported{"chat", "superchat"};
    const request two = make(with("Host", "a", {{"Sec-WebSocket-Protocol", "x, superchat, chat"}}));
    BOOST_TEST(choose_subprotocol(two, supported) == "superchat");
    const request spread = make(
        with("Host", "a", {{"Sec-WebSocket-Protocol", "x"}, {"sec-websocket-protocol", "chat"}}));
    BOOST_TEST(choose_subprotocol(spread, supported) == "chat");
    BOOST_TEST(choose_subprotocol(make(good_fields), supported).empty());
    const request broken = make(with("Host", "a", {{"Sec-WebSocket-Protocol", "chat, (bad)"}}));
    BOOST_TEST(choose_subprotocol(broken, supported).empty());
}

BOOST_AUTO_TEST_CASE(refusals) {
    BOOST_TEST(refusal_response(error::method_not_allowed, "GET", date, true) ==
               "HTTP/1.1 405 Method Not Allowed\r\n"
               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 23\r\n"
               "Connection: close\r\n"
               "Allow: GET\r\n"
               "\r\n");
    BOOST_TEST(http_status_for(error::bad_request) == 400U);
    BOOST_TEST(http_status_for(error::not_found) == 404U);
    BOOST_TEST(http_status_for(error::request_timeout) == 408U);
    BOOST_TEST(http_status_for(error::target_too_long) == 414U);
    BOOST_TEST(http_status_for(error::header_too_large) == 431U);
    BOOST_TEST(http_status_for(error::over_capacity) == 503U);
    BOOST_TEST(http_status_for(error::reserved_bits) == 500U);
    BOOST_TEST(http_status_for(
                   boost::system::errc::make_error_code(boost::system::errc::io_error)) == 500U);
}

BOOST_AUTO_TEST_CASE(a_page) {
    const page content{.body = "<p>", .content_type = "text/html"};
    const std::string whole = page_response(content, date, false);
    BOOST_TEST(whole.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(whole.ends_with("\r\n\r\n<p>"));
    BOOST_TEST(whole.find("Content-Length: 3\r\n") != std::string::npos);
    BOOST_TEST(page_response(content, date, true) + "<p>" == whole);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(opening_handshake_as_client)

BOOST_AUTO_TEST_CASE(the_request) {
    const std::vector<std::string> protocols{"a", "b"};
    const fields extra{{"Origin", "http://example.com"}};
    BOOST_TEST(upgrade_request("example.com:80", "/ws", rfc_key, protocols, extra) ==
               "GET /ws HTTP/1.1\r\n"
               "Host: example.com:80\r\n"
               "Upgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "Sec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Protocol: a, b\r\n"
               "Origin: http://example.com\r\n"
               "\r\n");
}

BOOST_AUTO_TEST_CASE(the_response_is_judged) {
    const std::vector<std::string> protocols{"chat"};
    const std::string accept = accept_key(rfc_key);
    const response_head good{
        101,
        {{"upgrade", "WebSocket"}, {"connection", "x, upgrade"}, {"sec-websocket-accept", accept}}};
    BOOST_TEST(!judge_upgrade_response(good, rfc_key, protocols));
    const auto expect_bad = [&](response_head head) {
        BOOST_TEST(judge_upgrade_response(head, rfc_key, protocols) ==
                   make_error_code(error::bad_upgrade_response));
    };
    for (std::size_t i = 0; i < 3; ++i) {
        response_head without = good;
        without.fields.erase(without.fields.begin() + static_cast<std::ptrdiff_t>(i));
        expect_bad(without);
        response_head wrong = good;
        wrong.fields[i].value = "wrong";
        expect_bad(wrong);
    }
    response_head more = good;
    more.fields.push_back({"Sec-WebSocket-Accept", accept});
    expect_bad(more);
    more = good;
    more.fields.push_back({"Sec-WebSocket-Extensions", "permessage-deflate"});
    expect_bad(more);
    more = good;
    more.fields.push_back({"Sec-WebSocket-Protocol", "other"});
    expect_bad(more);
    more.fields.back().value = "chat";
    BOOST_TEST(!judge_upgrade_response(more, rfc_key, protocols));
    more.fields.push_back({"Sec-WebSocket-Protocol", "chat"});
    expect_bad(more);
    BOOST_TEST(judge_upgrade_response({404, {}}, rfc_key, protocols) ==
               make_error_code(error::upgrade_declined));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
