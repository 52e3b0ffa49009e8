// Heads through Beast's parser into a `request` or an `http_response`, and the Date field.
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

/// Status, reason and fields of a response in one line; "refused" if it is none.
std::string response(const std::string& text) {
    http_response head(999, "before", 99);
    const error_code ec = parse_response_head(test::text_bytes(text), head);
    if (ec) {
        BOOST_TEST(ec == make_error_code(error::bad_upgrade_response));
        BOOST_TEST(head.status() == 999U);
        return "refused";
    }
    std::string line = std::to_string(head.status()) + " '" + std::string(head.reason()) + "'";
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        line.append(" ").append(head.field(i).name).append("='");
        line.append(head.field(i).value).append("'");
    }
    return line;
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

BOOST_AUTO_TEST_CASE(a_response_with_its_fields_in_order) {
    BOOST_TEST(response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Set-Cookie:  a=1 \r\nset-cookie: b\r\nX:\r\n\r\n") ==
               "101 'Switching Protocols' Upgrade='websocket' Set-Cookie='a=1' set-cookie='b' "
               "X=''");
    http_response head;
    BOOST_TEST(!parse_response_head(test::text_bytes("HTTP/1.0 200 OK\r\n\r\n"), head));
    BOOST_TEST(head.version() == 10U);
}

BOOST_AUTO_TEST_CASE(any_status_and_reason_are_parsed) {
    BOOST_TEST(response("HTTP/1.1 418 I'm \xe2\x98\x95\t!\r\n\r\n") == "418 'I'm \xe2\x98\x95\t!'");
    BOOST_TEST(response("HTTP/1.1 799 \r\n\r\n") == "799 ''");
    BOOST_TEST(response("HTTP/1.1 000 x\r\n\r\n") == "0 'x'");
}

BOOST_AUTO_TEST_CASE(the_body_of_a_response_is_not_waited_for) {
    BOOST_TEST(response("HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\n") ==
               "403 'No' Content-Length='100'");
    BOOST_TEST(response("HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n") ==
               "403 'No' Transfer-Encoding='chunked'");
    BOOST_TEST(response("HTTP/1.1 101 Ok\r\n\r\n\x81\x01x") == "101 'Ok'");
}

// RFC 7230 §3.2.4: "A user agent that receives an obs-fold in a response message … MUST replace
// each received obs-fold with one or more SP octets".
BOOST_AUTO_TEST_CASE(folded_lines_of_a_response_are_joined) {
    BOOST_TEST(response("HTTP/1.1 200 OK\r\nX: a\r\n  b\r\n\tc\r\nY: d\r\n\r\n") ==
               "200 'OK' X='a b c' Y='d'");
    BOOST_TEST(response("HTTP/1.1 200 OK\r\n X: a\r\n\r\n") == "refused");
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_a_bad_response) {
    for (const char* const bad : {"",
                                  "\r\n",
                                  "HTTP/1.1 200 OK\r\n",
                                  "HTTP/1.1 200 OK\r\nA: b\r\n",
                                  "HTTP/2.0 200 OK\r\n\r\n",
                                  "HTTP/1.2 200 OK\r\n\r\n",
                                  "http/1.1 200 OK\r\n\r\n",
                                  "HTTP/1.1 20 OK\r\n\r\n",
                                  "HTTP/1.1 2000 OK\r\n\r\n",
                                  "HTTP/1.1  200 OK\r\n\r\n",
                                  "HTTP/1.1 2x0 OK\r\n\r\n",
                                  "HTTP/1.1 200\r\n\r\n",
                                  "HTTP/1.1\r\n\r\n",
                                  "GET / HTTP/1.1\r\n\r\n",
                                  "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                                  "\x15\x03\x01\x00\x02\x02\x50",
                                  "HTTP/1.1 200 O\x01K\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nA: b\x7f\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nA\x01: b\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                                  "HTTP/1.1 200 OK\nA: b\n\n",
                                  "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nA: b\n\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
        BOOST_TEST(response(bad) == "refused", bad);
    }
    BOOST_TEST(response(std::string("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", 26)) == "refused");
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
