// Heads through Beast's parser into a `request`, and the Date field.
#include "net/http_upgrade.hpp"

#include <boost/test/unit_test.hpp>
#include <ctime>
#include <string>

#include "support/bytes.hpp"

namespace websock::net {
namespace {

error_code parse(const std::string& text, request& head) {
    return parse_request_head(test::text_bytes(text), head);
}

BOOST_AUTO_TEST_SUITE(http_heads)

BOOST_AUTO_TEST_CASE(all_fields_in_order_with_repetitions) {
    request head;
    BOOST_TEST(
        !parse("GET /ws?x=1 HTTP/1.1\r\nHost: a\r\nX:  1 \r\nx: 2\r\nX-Empty:\r\n\r\n", head));
    BOOST_TEST(head.method() == "GET");
    BOOST_TEST(head.target() == "/ws?x=1");
    BOOST_TEST(head.version() == 11U);
    BOOST_TEST(head.field_count() == 4U);
    BOOST_TEST(head.count("X") == 2U);
    BOOST_TEST(*head.header("x") == "1");
    BOOST_TEST(head.field(2).value == "2");
    BOOST_TEST(head.header("x-empty")->empty());
}

BOOST_AUTO_TEST_CASE(unknown_methods_and_http_1_0_are_parsed) {
    request head;
    BOOST_TEST(!parse("BREW /pot HTTP/1.0\r\n\r\n", head));
    BOOST_TEST(head.method() == "BREW");
    BOOST_TEST(head.version() == 10U);
}

BOOST_AUTO_TEST_CASE(a_body_is_not_waited_for) {
    request head;
    BOOST_TEST(!parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", head));
    BOOST_TEST(*head.header("Content-Length") == "1000000");
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_a_bad_request) {
    request head;
    for (const char* const bad :
         {"GET / HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "GET /\r\n\r\n",
          "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
          "GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n"}) {
        BOOST_TEST(parse(bad, head) == make_error_code(error::bad_request), bad);
    }
}

BOOST_AUTO_TEST_CASE(the_date_is_an_imf_fixdate) {
    const std::string date = http_date();
    std::tm parsed{};
    const char* const end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parsed);
    BOOST_REQUIRE(end != nullptr);
    BOOST_TEST(*end == '\0');
    BOOST_TEST(date.size() == 29U);
    const double age = std::difftime(std::time(nullptr), timegm(&parsed));
    BOOST_TEST((age >= 0 && age < 60));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
