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

// [6455-4.2.2-1, 6455-4.2.2-10]
BOOST_AUTO_TEST_CASE(the_example_of_the_rfc) {
    const request head = make(good_fields);
    BOOST_TEST(!judge_request(head));
    BOOST_TEST(!judge_upgrade(head));
    agreement agreed;
    agreed.subprotocol = "chat";
    BOOST_TEST(upgrade_response(head, agreed, date) ==
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

// [6455-4.2.1-1]
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

// [6455-4.2.2-4, 6455-4.4-1]
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

// [6455-4.2.1-1]
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

// [6455-4.2.2-6]
BOOST_AUTO_TEST_CASE(subprotocols_in_the_clients_order) {
    const std::vector<std::string> supported{"chat", "superchat"};
    const request two = make(with("Host", "a", {{"Sec-WebSocket-Protocol", "x, superchat, chat"}}));
    BOOST_TEST(choose_subprotocol(two, supported) == "superchat");
    const request spread = make(
        with("Host", "a", {{"Sec-WebSocket-Protocol", "x"}, {"sec-websocket-protocol", "chat"}}));
    BOOST_TEST(choose_subprotocol(spread, supported) == "chat");
    BOOST_TEST(choose_subprotocol(make(good_fields), supported).empty());
}

BOOST_AUTO_TEST_CASE(malformed_subprotocols_are_no_handshake) {
    for (const char* const list : {"chat, (bad)", ",", "\"chat\"", "two words"}) {
        const request broken = make(with("Host", "a", {{"Sec-WebSocket-Protocol", list}}));
        BOOST_TEST_CONTEXT(list)
        BOOST_TEST((judge_upgrade(broken) == error::bad_request));
    }
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

BOOST_AUTO_TEST_SUITE(opening_handshake_extensions)

// [6455-4.2.2-9, 6455-9-1, 7692-5-3]
BOOST_AUTO_TEST_CASE(the_accepted_extension_is_in_the_response) {
    agreement agreed;
    BOOST_TEST(upgrade_response(make(good_fields), agreed, date).find("Extensions") ==
               std::string::npos);
    agreed.extensions = "permessage-deflate; server_max_window_bits=10";
    BOOST_TEST(upgrade_response(make(good_fields), agreed, date)
                   .ends_with("\r\nSec-WebSocket-Extensions: "
                              "permessage-deflate; server_max_window_bits=10\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_field_without_a_value_is_as_good_as_none) {
    const auto none =
        offered_extensions(make(with("Host", "a", {{"Sec-WebSocket-Extensions", ""}})));
    BOOST_REQUIRE(none.has_value());
    BOOST_TEST(none->empty());
    const auto one = offered_extensions(make(
        with("Host", "a", {{"Sec-WebSocket-Extensions", ""}, {"Sec-WebSocket-Extensions", "a"}})));
    BOOST_REQUIRE(one.has_value());
    BOOST_TEST(one->size() == 1U);
}

// RFC 6455 §9.1: the list may be split over several fields; their order is that of preference.
BOOST_AUTO_TEST_CASE(offers_of_several_fields_are_one_list) {
    const auto none = offered_extensions(make(good_fields));
    BOOST_REQUIRE(none.has_value());
    BOOST_TEST(none->empty());
    const auto offers =
        offered_extensions(make(with("Host", "a",
                                     {{"Sec-WebSocket-Extensions", "x-first, permessage-deflate"},
                                      {"X-Other", "y"},
                                      {"sec-websocket-extensions", "permessage-deflate; a=1"}})));
    BOOST_REQUIRE(offers.has_value());
    BOOST_REQUIRE(offers->size() == 3U);
    BOOST_TEST((*offers)[0].name == "x-first");
    BOOST_TEST((*offers)[1].parameters.empty());
    BOOST_TEST((*offers)[2].parameters.at(0).name == "a");
}

// [6455-4.3-1, 6455-9.1-1]
BOOST_AUTO_TEST_CASE(a_field_that_breaks_the_grammar_fails_the_handshake) {
    for (const char* const bad :
         {",", "permessage-deflate;", "permessage-deflate; a=", "; a", "a b",
          "permessage-deflate; server_max_window_bits=\"1 0\"", "permessage-deflate; a=\"1"}) {
        BOOST_TEST(
            !offered_extensions(make(with("Host", "a", {{"Sec-WebSocket-Extensions", bad}}))));
        BOOST_TEST(
            !offered_extensions(make(with("Host", "a",
                                          {{"Sec-WebSocket-Extensions", "permessage-deflate"},
                                           {"Sec-WebSocket-Extensions", bad}}))));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(opening_handshake_as_client)

// [6455-4.1-15, 6455-4.1-16, 6455-4.1-17, 6455-4.1-18, 6455-4.1-19, 6455-4.1-20, 6455-4.1-21]
// [6455-4.1-22, 6455-4.1-23, 6455-4.1-24, 6455-4.1-28, 6455-4.1-29]
upgrade_wish wish_for(std::span<const std::string> protocols,
                      const deflate_options* deflate = nullptr) {
    upgrade_wish wish;
    wish.host = "example.com:80";
    wish.target = "/ws";
    wish.key = rfc_key;
    wish.subprotocols = protocols;
    wish.deflate = deflate;
    return wish;
}

http_response make_response(const fields& with, unsigned status = 101, unsigned version = 11) {
    http_response head(status, "", version);
    for (const header_field& field : with) {
        head.add_field(field.name, field.value);
    }
    return head;
}

const std::string& good_accept() {
    static const std::string accept = accept_key(rfc_key);
    return accept;
}

fields good_answer(const fields& more = {}) {
    fields result{{"upgrade", "WebSocket"},
                  {"connection", "x, upgrade"},
                  {"sec-websocket-accept", good_accept()}};
    result.insert(result.end(), more.begin(), more.end());
    return result;
}

error_code judge(const fields& answer, const upgrade_wish& wish) {
    agreement agreed;
    return judge_upgrade_response(make_response(answer), wish, agreed);
}

BOOST_AUTO_TEST_CASE(the_request) {
    const std::vector<std::string> protocols{"a", "b"};
    const fields extra{{"Origin", "http://example.com"}};
    BOOST_TEST(upgrade_request(wish_for(protocols), extra) ==
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

// [6455-4.1-33, 6455-4.1-34, 6455-4.1-35, 6455-4.1-36, 6455-4.1-37, 6455-4.1-38, 6455-4.1-39]
BOOST_AUTO_TEST_CASE(the_response_is_judged) {
    const std::vector<std::string> protocols{"chat"};
    const upgrade_wish wish = wish_for(protocols);
    const fields good = good_answer();
    BOOST_TEST(!judge(good, wish));
    const auto expect_bad = [&](const fields& answer) {
        BOOST_TEST(judge(answer, wish) == make_error_code(error::bad_upgrade_response));
    };
    for (std::size_t i = 0; i < 3; ++i) {
        fields without = good;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        expect_bad(without);
        fields wrong = good;
        wrong[i].value = "wrong";
        expect_bad(wrong);
    }
    expect_bad(good_answer({{"Sec-WebSocket-Accept", good_accept()}}));
    expect_bad(good_answer({{"Sec-WebSocket-Extensions", "permessage-deflate"}}));
    expect_bad(good_answer({{"Sec-WebSocket-Protocol", "other"}}));
    BOOST_TEST(!judge(good_answer({{"Sec-WebSocket-Protocol", "chat"}}), wish));
    expect_bad(
        good_answer({{"Sec-WebSocket-Protocol", "chat"}, {"Sec-WebSocket-Protocol", "chat"}}));
    agreement agreed;
    BOOST_TEST(judge_upgrade_response(make_response(good, 404), wish, agreed) ==
               make_error_code(error::upgrade_declined));
    BOOST_TEST(judge_upgrade_response(make_response(good, 101, 10), wish, agreed) ==
               make_error_code(error::bad_upgrade_response));
}

// [6455-9.1-5, 7692-5-1]
BOOST_AUTO_TEST_CASE(the_extension_is_offered_if_it_is_enabled) {
    const deflate_options off;
    const deflate_options on{.enabled = true, .server_max_window_bits = 10};
    BOOST_TEST(upgrade_request(wish_for({}), {}).find("Extensions") == std::string::npos);
    BOOST_TEST(upgrade_request(wish_for({}, &off), {}).find("Extensions") == std::string::npos);
    BOOST_TEST(upgrade_request(wish_for({}, &on), {})
                   .ends_with("\r\nSec-WebSocket-Extensions: permessage-deflate; "
                              "server_max_window_bits=10; client_max_window_bits\r\n\r\n"));
}

// [6455-4.1-37, 6455-9.1-1, 7692-5-6, 7692-5-8, 7692-5-10, 7692-7-2]
// [6455-4.1-37, 6455-9.1-1]
BOOST_AUTO_TEST_CASE(the_extension_in_the_response_is_judged) {
    const deflate_options on{.enabled = true};
    const std::vector<std::string> protocols{"chat"};
    const upgrade_wish wish = wish_for(protocols, &on);
    agreement agreed;
    BOOST_TEST(!judge_upgrade_response(make_response(good_answer()), wish, agreed));
    BOOST_TEST(!agreed.deflate.has_value());
    BOOST_TEST(agreed.extensions.empty());

    const char* const answer = "permessage-deflate; client_max_window_bits=12";
    const http_response with_it = make_response(
        good_answer({{"Sec-WebSocket-Protocol", "chat"}, {"sec-websocket-extensions", answer}}));
    BOOST_TEST(!judge_upgrade_response(with_it, wish, agreed));
    BOOST_REQUIRE(agreed.deflate.has_value());
    BOOST_TEST((*agreed.deflate == deflate_params{.client_max_window_bits = 12}));
    BOOST_TEST(agreed.extensions == answer);
    BOOST_TEST(agreed.subprotocol == "chat");

    // A field without a value is as good as none.
    agreement behind_nothing;
    BOOST_TEST(!judge_upgrade_response(
        make_response(good_answer({{"Sec-WebSocket-Extensions", ""},
                                   {"Sec-WebSocket-Extensions", "permessage-deflate"}})),
        wish, behind_nothing));
    BOOST_TEST(behind_nothing.deflate.has_value());
    BOOST_TEST(behind_nothing.extensions == "permessage-deflate");

    for (const char* const bad :
         {",", "permessage-deflate;", "x", "permessage-deflate, x", "x, permessage-deflate",
          "permessage-deflate, permessage-deflate", "permessage-deflate; unknown"}) {
        agreement none;
        BOOST_TEST(
            judge_upgrade_response(make_response(good_answer({{"Sec-WebSocket-Extensions", bad}})),
                                   wish, none) == make_error_code(error::bad_upgrade_response));
        BOOST_TEST(!none.deflate.has_value());
    }
    BOOST_TEST(judge(good_answer({{"Sec-WebSocket-Extensions", "permessage-deflate"},
                                  {"Sec-WebSocket-Extensions", "permessage-deflate"}}),
                     wish) == make_error_code(error::bad_upgrade_response));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
