// The response's head (websock/response.hpp). Its fields are those of http_head, which the tests of
// the request go through.
#include <boost/test/unit_test.hpp>
#include <utility>
#include <websock/response.hpp>

namespace websock {
namespace {

http_response sample() {
    http_response head(101, "Switching Protocols", 11);
    head.add_field("Upgrade", "websocket");
    head.add_field("Set-Cookie", "a=1");
    head.add_field("set-cookie", "b=2");
    return head;
}

BOOST_AUTO_TEST_SUITE(response)

BOOST_AUTO_TEST_CASE(default_response_is_empty) {
    const http_response head;
    BOOST_TEST(head.status() == 0U);
    BOOST_TEST(head.reason().empty());
    BOOST_TEST(head.version() == 0U);
    BOOST_TEST(head.field_count() == 0U);
    BOOST_TEST(!head.header("Upgrade").has_value());
}

BOOST_AUTO_TEST_CASE(status_line_is_kept) {
    const http_response head = sample();
    BOOST_TEST(head.status() == 101U);
    BOOST_TEST(head.reason() == "Switching Protocols");
    BOOST_TEST(head.version() == 11U);
    BOOST_TEST(http_response(404, "", 10).reason().empty());
}

BOOST_AUTO_TEST_CASE(fields_are_kept_in_order_and_found_in_any_case) {
    const http_response head = sample();
    BOOST_REQUIRE(head.field_count() == 3U);
    BOOST_TEST(head.field(0).name == "Upgrade");
    BOOST_TEST(head.field(2).value == "b=2");
    BOOST_TEST(head.header("UPGRADE").value() == "websocket");
    BOOST_TEST(head.header("Set-Cookie").value() == "a=1");
    BOOST_TEST(head.count("SET-COOKIE") == 2U);
    BOOST_TEST(!head.header("Location").has_value());
}

BOOST_AUTO_TEST_CASE(copies_and_moved_responses_look_at_their_own_head) {
    http_response original = sample();
    const http_response copy = original;
    original.add_field("Location", "/elsewhere");
    BOOST_TEST(!copy.header("Location").has_value());
    BOOST_TEST(copy.reason() == "Switching Protocols");
    const http_response moved = std::move(original);
    BOOST_TEST(moved.header("location").value() == "/elsewhere");
    BOOST_TEST(moved.reason() == "Switching Protocols");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
