// The request's head (websock/request.hpp): what is put in comes out, names in any case.
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <websock/request.hpp>

namespace websock {
namespace {

request sample() {
    request head("GET", "/chat?room=1&x=?", 11);
    head.add_field("Host", "server.example.com");
    head.add_field("Sec-WebSocket-Protocol", "chat");
    head.add_field("Empty", "");
    head.add_field("sec-websocket-protocol", "superchat");
    return head;
}

BOOST_AUTO_TEST_SUITE(request)

BOOST_AUTO_TEST_CASE(default_request_is_empty) {
    const websock::request head;
    BOOST_TEST(head.method().empty());
    BOOST_TEST(head.target().empty());
    BOOST_TEST(head.path().empty());
    BOOST_TEST(head.query().empty());
    BOOST_TEST(head.version() == 0U);
    BOOST_TEST(head.field_count() == 0U);
    BOOST_TEST(!head.header("Host").has_value());
}

BOOST_AUTO_TEST_CASE(request_line_is_kept) {
    const websock::request head = sample();
    BOOST_TEST(head.method() == "GET");
    BOOST_TEST(head.target() == "/chat?room=1&x=?");
    BOOST_TEST(head.version() == 11U);
}

BOOST_AUTO_TEST_CASE(target_is_split_at_the_first_question_mark) {
    BOOST_TEST(sample().path() == "/chat");
    BOOST_TEST(sample().query() == "room=1&x=?");
    const websock::request plain("GET", "/plain", 11);
    BOOST_TEST(plain.path() == "/plain");
    BOOST_TEST(plain.query().empty());
    const websock::request bare("GET", "/bare?", 11);
    BOOST_TEST(bare.path() == "/bare");
    BOOST_TEST(bare.query().empty());
}

BOOST_AUTO_TEST_CASE(fields_are_kept_in_order_as_sent) {
    const websock::request head = sample();
    BOOST_REQUIRE(head.field_count() == 4U);
    BOOST_TEST(head.field(0).name == "Host");
    BOOST_TEST(head.field(0).value == "server.example.com");
    BOOST_TEST(head.field(2).name == "Empty");
    BOOST_TEST(head.field(2).value.empty());
    BOOST_TEST(head.field(3).name == "sec-websocket-protocol");
    BOOST_TEST(head.field(3).value == "superchat");
}

// RFC 7230 §3.2: "Each header field consists of a case-insensitive field name".
BOOST_AUTO_TEST_CASE(fields_are_found_in_any_case_the_first_one_first) {
    const websock::request head = sample();
    BOOST_TEST(head.header("hOST").value() == "server.example.com");
    BOOST_TEST(head.header("SEC-WEBSOCKET-PROTOCOL").value() == "chat");
    BOOST_TEST(head.header("empty").value().empty());
    BOOST_TEST(!head.header("Hos").has_value());
    BOOST_TEST(!head.header("Host ").has_value());
    BOOST_TEST(!head.header("").has_value());
}

BOOST_AUTO_TEST_CASE(fields_are_counted_in_any_case) {
    BOOST_TEST(sample().count("Sec-Websocket-Protocol") == 2U);
    BOOST_TEST(sample().count("HOST") == 1U);
    BOOST_TEST(sample().count("Origin") == 0U);
}

BOOST_AUTO_TEST_CASE(copies_and_moved_requests_look_at_their_own_head) {
    websock::request original = sample();
    websock::request copy = original;
    original.add_field("Origin", "https://example.com");
    BOOST_TEST(!copy.header("Origin").has_value());
    BOOST_TEST(copy.header("host").value() == "server.example.com");
    const websock::request moved = std::move(original);
    BOOST_TEST(moved.header("Origin").value() == "https://example.com");
    BOOST_TEST(moved.path() == "/chat");
}

BOOST_AUTO_TEST_CASE(many_fields_are_kept) {
    websock::request head("GET", "/", 11);
    for (int i = 0; i < 500; ++i)
        head.add_field("Name-" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
    BOOST_TEST(head.field_count() == 500U);
    for (std::size_t i = 0; i < 500; ++i)
        BOOST_TEST(head.header("name-" + std::to_string(i)).value().size() == i);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
