// Close payloads (RFC 6455 §5.5.1, §7.4): every code, every cut of the text, and the close code of
// every error.
#include "protocol/close_payload.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "support/bytes.hpp"
#include "support/slow_twins.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;
using test::bytes;

byte_vector payload_of(const close_reason& reason) {
    const encoded_close encoded = encode_close_payload(reason);
    return {encoded.bytes.begin(),
            encoded.bytes.begin() + static_cast<std::ptrdiff_t>(encoded.size)};
}

/// The codes that RFC 6455 §7.4 and the IANA registry let stand in a Close frame.
bool may_be_on_the_wire(unsigned code) {
    constexpr std::array registered{1000U, 1001U, 1002U, 1003U, 1007U, 1008U,
                                    1009U, 1010U, 1011U, 1012U, 1013U, 1014U};
    for (const unsigned each : registered)
        if (each == code)
            return true;
    return code / 1000 == 3 || code / 1000 == 4;
}

BOOST_AUTO_TEST_SUITE(close_payload)

BOOST_AUTO_TEST_CASE(empty_payload_is_no_status) {
    const decoded_close decoded = decode_close_payload({});
    BOOST_TEST(!decoded.ec);
    BOOST_TEST((decoded.reason == close_reason(close_code::no_status)));
}

// [6455-5.5.1-1]
BOOST_AUTO_TEST_CASE(code_without_text_is_read_in_network_byte_order) {
    const decoded_close decoded = decode_close_payload(bytes("03 e9"));
    BOOST_TEST(!decoded.ec);
    BOOST_TEST((decoded.reason == close_reason(close_code::going_away)));
}

BOOST_AUTO_TEST_CASE(code_and_text_are_read) {
    const decoded_close decoded = decode_close_payload(bytes("0f a1 62 79 65 20 e2 82 ac"));
    BOOST_TEST(!decoded.ec);
    BOOST_TEST((decoded.reason == close_reason(std::uint16_t{4001}, "bye \u20ac")));
}

BOOST_AUTO_TEST_CASE(longest_payload_is_read) {
    byte_vector payload = bytes("03 e8");
    test::append(payload, byte_vector(123, std::byte{'x'}));
    const decoded_close decoded = decode_close_payload(payload);
    BOOST_TEST(!decoded.ec);
    BOOST_TEST(decoded.reason.text() == std::string(123, 'x'));
}

// [6455-5.5.1-1]
BOOST_AUTO_TEST_CASE(payload_of_one_byte_is_refused) {
    for (unsigned value = 0; value < 256; ++value) {
        const decoded_close decoded =
            decode_close_payload(std::array{static_cast<std::byte>(value)});
        BOOST_TEST(decoded.ec == make_error_code(error::bad_close_payload));
        BOOST_TEST((decoded.ec == condition::protocol_violation));
    }
}

// [6455-7.4.1-1, 6455-7.4.1-2, 6455-7.4.1-3]
BOOST_AUTO_TEST_CASE(every_code_is_judged_by_the_registry) {
    for (unsigned code = 0; code < 65536; ++code) {
        const std::array payload{static_cast<std::byte>(code >> 8),
                                 static_cast<std::byte>(code & 0xFF), std::byte{'x'}};
        const decoded_close decoded = decode_close_payload(payload);
        const bool good = may_be_on_the_wire(code);
        const bool as_expected =
            good ? !decoded.ec &&
                       decoded.reason == close_reason(static_cast<std::uint16_t>(code), "x")
                 : decoded.ec == error::bad_close_code &&
                       decoded.reason == close_reason(close_code::no_status);
        if (!as_expected)
            BOOST_FAIL("wrong about code " << code);
        if (good && payload_of(decoded.reason) != byte_vector(payload.begin(), payload.end()))
            BOOST_FAIL("code " << code << " is not written as it was read");
    }
}

// [6455-8.1-1]
BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused) {
    for (const char* text :
         {"80", "ff", "61 c3", "e2 82", "ed a0 80", "c0 80", "61 62 f4 90 80 80"}) {
        byte_vector payload = bytes("03 e8");
        test::append(payload, bytes(text));
        const decoded_close decoded = decode_close_payload(payload);
        BOOST_TEST(decoded.ec == make_error_code(error::invalid_utf8));
        BOOST_TEST((decoded.reason == close_reason(close_code::no_status)));
    }
}

BOOST_AUTO_TEST_CASE(a_bad_code_is_told_before_bad_text) {
    BOOST_TEST(decode_close_payload(bytes("03 ed ff")).ec ==
               make_error_code(error::bad_close_code));
}

// [6455-7.4.1-1]
BOOST_AUTO_TEST_CASE(no_status_is_written_as_an_empty_payload) {
    BOOST_TEST(payload_of({close_code::no_status}).empty());
    BOOST_TEST(payload_of({close_code::no_status, "text without a code"}).empty());
}

// [6455-5.5.1-1]
BOOST_AUTO_TEST_CASE(code_and_text_are_written) {
    BOOST_TEST(test::to_hex(payload_of({})) == "03 e8");
    BOOST_TEST(test::to_hex(payload_of({close_code::too_big, "big"})) == "03 f1 62 69 67");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_code_points) {
    struct example {
        std::string text;
        std::size_t kept;
    };
    const std::string euro = "\u20ac";
    const std::string smile = "\U0001F600";
    const std::array examples{
        example{std::string(123, 'a'), 123},         example{std::string(124, 'a'), 123},
        example{std::string(5000, 'a'), 123},        example{std::string(120, 'a') + euro, 123},
        example{std::string(121, 'a') + euro, 121},  example{std::string(122, 'a') + euro, 122},
        example{std::string(123, 'a') + euro, 123},  example{std::string(119, 'a') + smile, 123},
        example{std::string(120, 'a') + smile, 120}, example{std::string(122, 'a') + smile, 122},
    };
    for (const example& each : examples) {
        const byte_vector payload = payload_of({close_code::normal, each.text});
        BOOST_TEST(test::to_text(std::span(payload).subspan(2)) == each.text.substr(0, each.kept));
    }
}

// [6455-5.5-1]
BOOST_AUTO_TEST_CASE(cut_text_is_valid_whatever_its_length) {
    for (const std::string unit : {"\u00e9", "\u20ac", "\U0001F600", "a\U0001F600", "ab\u20ac"}) {
        std::string text;
        while (text.size() < 200) {
            text += unit;
            const byte_vector payload = payload_of({close_code::normal, text});
            BOOST_TEST(payload.size() <= max_control_payload);
            BOOST_TEST(!decode_close_payload(payload).ec);
            // At most three bytes of a code point are given up.
            BOOST_TEST(payload.size() >= std::min(text.size() + 2, max_control_payload - 3));
        }
    }
}

BOOST_AUTO_TEST_CASE(text_of_tails_only_is_cut_without_running_past_its_front) {
    const byte_vector payload = payload_of({close_code::normal, std::string(200, '\x80')});
    BOOST_TEST(payload.size() == 2U);
}

BOOST_AUTO_TEST_CASE(every_error_has_its_close_code) {
    std::map<error, close_code> special{{error::invalid_utf8, close_code::bad_payload},
                                        {error::bad_compression, close_code::bad_payload},
                                        {error::message_too_big, close_code::too_big},
                                        {error::too_many_fragments, close_code::policy_error},
                                        {error::idle_timeout, close_code::going_away}};
    for (int value = 1; value <= static_cast<int>(error::bad_argument); ++value) {
        const auto each = static_cast<error>(value);
        const close_code expected = special.contains(each)          ? special[each]
                                    : each <= error::bad_close_code ? close_code::protocol_error
                                                                    : close_code::internal_error;
        BOOST_TEST_CONTEXT(make_error_code(each).message())
        BOOST_TEST((close_code_for(each) == expected));
        BOOST_TEST(is_sendable(close_code_for(each)));
    }
}

BOOST_AUTO_TEST_CASE(foreign_and_empty_errors_are_internal) {
    const error_code foreign(1, boost::system::generic_category());
    BOOST_TEST((close_code_for(foreign) == close_code::internal_error));
    BOOST_TEST((close_code_for({}) == close_code::internal_error));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
