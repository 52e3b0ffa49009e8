// Sec-WebSocket-Accept and Sec-WebSocket-Key (RFC 6455 §1.3, §4.1, §4.2.2).
#include "protocol/accept_key.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <span>
#include <string>
#include <string_view>

#include "protocol/http_tokens.hpp"

namespace websock::protocol {
namespace {

BOOST_AUTO_TEST_SUITE(accept_key)

// RFC 6455 §1.3: "the value "dGhlIHNhbXBsZSBub25jZQ==" […] "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="".
BOOST_AUTO_TEST_CASE(example_of_the_rfc) {
    BOOST_TEST(protocol::accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

BOOST_AUTO_TEST_CASE(answer_has_28_characters_and_depends_on_the_key) {
    const std::string one = protocol::accept_key("AAAAAAAAAAAAAAAAAAAAAA==");
    const std::string other = protocol::accept_key("AAAAAAAAAAAAAAAAAAAAAQ==");
    BOOST_TEST(one.size() == 28U);
    BOOST_TEST(other.size() == 28U);
    BOOST_TEST(one != other);
}

// RFC 6455 §4.1: "if the randomly selected value was the sequence of bytes 0x01 0x02 […] 0x10, the
// value of the header field would be "AQIDBAUGBwgJCgsMDQ4PEC=="" – but for its last digit, whose
// pad bits RFC 4648 §3.5 wants to be zero.
// [6455-4.1-25]
BOOST_AUTO_TEST_CASE(example_of_the_rfc_for_a_clients_key) {
    std::array<std::byte, 16> nonce{};
    for (std::size_t i = 0; i < nonce.size(); ++i)
        nonce[i] = static_cast<std::byte>(i + 1);
    BOOST_TEST(encode_websocket_key(nonce) == "AQIDBAUGBwgJCgsMDQ4PEA==");
}

BOOST_AUTO_TEST_CASE(a_clients_key_is_what_a_server_accepts) {
    for (int value = 0; value < 256; ++value) {
        std::array<std::byte, 16> nonce{};
        nonce.fill(static_cast<std::byte>(value));
        BOOST_TEST(is_websocket_key(encode_websocket_key(nonce)));
    }
}

// RFC 4648 §10: the test vectors.
BOOST_AUTO_TEST_CASE(base64_of_any_length) {
    const auto encoded = [](std::string_view text) {
        return encode_base64(std::as_bytes(std::span(text)));
    };
    BOOST_TEST(encoded("") == "");
    BOOST_TEST(encoded("f") == "Zg==");
    BOOST_TEST(encoded("fo") == "Zm8=");
    BOOST_TEST(encoded("foo") == "Zm9v");
    BOOST_TEST(encoded("foob") == "Zm9vYg==");
    BOOST_TEST(encoded("fooba") == "Zm9vYmE=");
    BOOST_TEST(encoded("foobar") == "Zm9vYmFy");
    BOOST_TEST(encoded("\xfb\xff\xfe") == "+//+");
}

BOOST_AUTO_TEST_CASE(base64_of_much_is_padded_only_at_the_end) {
    const std::string long_text(std::size_t{7} << 20U, '\xff');
    const std::string text = encode_base64(std::as_bytes(std::span(long_text)));
    BOOST_TEST(text.size() == (long_text.size() + 2) / 3 * 4);
    BOOST_TEST(text.find_first_not_of('/') == text.size() - 3);
    BOOST_TEST(text.substr(text.size() - 4) == "/w==");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
