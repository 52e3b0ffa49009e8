// The head of a request as it arrives: its end, its limits, and bytes that cannot belong to it.
#include "protocol/request_head.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "support/bytes.hpp"

namespace websock::protocol {
namespace {

// Octet by octet and whole must agree; returns what came of it.
head_scanner::result scan(const std::string& text, const connection_options& limits = {}) {
    const test::byte_vector all = test::text_bytes(text);
    head_scanner whole(limits);
    const head_scanner::result result = whole.feed(all);
    head_scanner octets(limits);
    head_scanner::result last;
    for (std::size_t n = 1; n <= all.size() && !last.ec && last.size == 0; ++n) {
        last = octets.feed(std::span(all).first(n));
    }
    BOOST_TEST(last.ec == result.ec);
    BOOST_TEST(last.size == result.size);
    return result;
}

BOOST_AUTO_TEST_SUITE(request_head)

BOOST_AUTO_TEST_CASE(ends_at_the_empty_line) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    BOOST_TEST(scan(head).size == head.size());
    BOOST_TEST(scan(head + "frames follow").size == head.size());
    BOOST_TEST(scan(head.substr(0, head.size() - 1)).size == 0U);
    BOOST_TEST(scan("GET / HTTP/1.1\r\n\r\n").size == 18U);
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_be_http) {
    for (const std::string bad :
         {"\x16\x03\x01", " GET", "\r\n", "GET / HTTP/1.1\nHost", "GET / HTTP/1.1\rHost",
          "GET /\x01", "GET /\x7f", "GET / HTTP/1.1\r\nA: b\r\n c", "GET / HTTP/1.1\r\n: b"}) {
        BOOST_TEST(scan(bad).ec == make_error_code(error::bad_request));
    }
    BOOST_TEST(scan(std::string("GET /\0", 6)).ec == make_error_code(error::bad_request));
}

BOOST_AUTO_TEST_CASE(limits_hold_before_the_end) {
    connection_options limits;
    limits.max_header_line = 20;
    limits.max_header_fields = 3;
    limits.max_header_bytes = 100;
    BOOST_TEST(scan("GET /" + std::string(16, 'a'), limits).ec ==
               make_error_code(error::target_too_long));
    BOOST_TEST(!scan("GET /" + std::string(15, 'a'), limits).ec);
    BOOST_TEST(scan("GET / HTTP/1.1\r\nA: " + std::string(18, 'a'), limits).ec ==
               make_error_code(error::header_too_large));
    BOOST_TEST(!scan("GET / HTTP/1.1\r\na:b\r\nc:d\r\ne:f\r\n", limits).ec);
    BOOST_TEST(scan("GET / HTTP/1.1\r\na:b\r\nc:d\r\ne:f\r\ng:h\r\n", limits).ec ==
               make_error_code(error::header_too_large));
    limits.max_header_fields = 100;
    std::string many = "GET / HTTP/1.1\r\n";
    while (many.size() <= 100) {
        many += "aaaa: bbbbbbbb\r\n";
    }
    BOOST_TEST(scan(many, limits).ec == make_error_code(error::header_too_large));
    BOOST_TEST(!scan(many.substr(0, 100), limits).ec);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
