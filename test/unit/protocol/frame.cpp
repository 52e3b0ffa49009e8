// Frame headers, on literal bytes (RFC 6455 §5.2, §5.7) and against the slow twin.
#include "protocol/frame.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "support/bytes.hpp"
#include "support/slow_twins.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;
using test::bytes;

constexpr frame_rules server_rules{.receiver = role::server};
constexpr frame_rules client_rules{.receiver = role::client};
constexpr frame_rules server_deflate_rules{.receiver = role::server, .rsv1_owned = true};
constexpr frame_rules client_deflate_rules{.receiver = role::client, .rsv1_owned = true};
constexpr std::array all_rules{server_rules, client_rules, server_deflate_rules,
                               client_deflate_rules};

error_code error_of(std::string_view hex, frame_rules rules) {
    frame_header header;
    const decoded_header decoded = decode_frame_header(bytes(hex), header, rules);
    BOOST_TEST(decoded.size == 0U);
    return decoded.ec;
}

/// Expects that `rules` refuse the bytes with `expected` when the last one is there, and wait for
/// more until then.
void check_fails_at_last_byte(std::string_view hex, frame_rules rules, error expected) {
    BOOST_TEST_CONTEXT(hex) {
        const byte_vector whole = bytes(hex);
        frame_header header;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto front = std::span(whole).first(size);
            BOOST_TEST(!decode_frame_header(front, header, rules).ec);
            BOOST_TEST(decode_frame_header(front, header, rules).size == 0U);
        }
        BOOST_TEST(error_of(hex, rules) == make_error_code(expected));
        BOOST_TEST((error_of(hex, rules) == condition::protocol_violation));
    }
}

/// Expects a whole, good header, and that every part of it asks for more.
frame_header check_decodes(std::string_view hex, frame_rules rules) {
    frame_header header;
    BOOST_TEST_CONTEXT(hex) {
        const byte_vector whole = bytes(hex);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto decoded = decode_frame_header(std::span(whole).first(size), header, rules);
            BOOST_TEST(!decoded.ec);
            BOOST_TEST(decoded.size == 0U);
            BOOST_TEST((header == frame_header{}));
        }
        const decoded_header decoded = decode_frame_header(whole, header, rules);
        BOOST_TEST(!decoded.ec);
        BOOST_TEST(decoded.size == whole.size());
    }
    return header;
}

bool same_as_twin(std::span<const std::byte> in, frame_rules rules) {
    frame_header fast;
    frame_header slow;
    const decoded_header a = decode_frame_header(in, fast, rules);
    const decoded_header b = test::slow_decode_frame_header(in, slow, rules);
    return a.size == b.size && a.ec == b.ec && fast == slow;
}

void check_same_as_twin(std::span<const std::byte> in) {
    for (const frame_rules rules : all_rules)
        if (!same_as_twin(in, rules))
            BOOST_FAIL("differs from its twin: " << test::to_hex(in) << ", rules "
                                                 << static_cast<int>(rules.receiver)
                                                 << rules.rsv1_owned);
}

std::string encoded_hex(const frame_header& header) {
    byte_vector out(max_frame_header_size, std::byte{0xEE});
    const std::size_t size = encode_frame_header(header, out);
    BOOST_TEST(size == encoded_size(header));
    const auto is_untouched = [](std::byte b) { return b == std::byte{0xEE}; };
    BOOST_TEST(std::ranges::all_of(std::span(out).subspan(size), is_untouched));
    return test::to_hex(std::span(out).first(size));
}

BOOST_AUTO_TEST_SUITE(frame)

// RFC 6455 §5.7, "Examples".
BOOST_AUTO_TEST_CASE(examples_of_the_rfc_decode) {
    const masking_key key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
    BOOST_TEST((check_decodes("81 05", client_rules) == frame_header{.payload_length = 5}));
    BOOST_TEST((check_decodes("81 85 37 fa 21 3d", server_rules) ==
                frame_header{.masked = true, .payload_length = 5, .key = key}));
    BOOST_TEST(
        (check_decodes("01 03", client_rules) == frame_header{.fin = false, .payload_length = 3}));
    BOOST_TEST((check_decodes("80 02", client_rules) ==
                frame_header{.op = opcode::continuation, .payload_length = 2}));
    BOOST_TEST((check_decodes("89 05", client_rules) ==
                frame_header{.op = opcode::ping, .payload_length = 5}));
    BOOST_TEST((check_decodes("8a 85 37 fa 21 3d", server_rules) ==
                frame_header{.op = opcode::pong, .masked = true, .payload_length = 5, .key = key}));
    BOOST_TEST((check_decodes("82 7e 01 00", client_rules) ==
                frame_header{.op = opcode::binary, .payload_length = 256}));
    BOOST_TEST((check_decodes("82 7f 00 00 00 00 00 01 00 00", client_rules) ==
                frame_header{.op = opcode::binary, .payload_length = 65536}));
}

BOOST_AUTO_TEST_CASE(payload_after_the_header_is_not_looked_at) {
    frame_header header;
    const byte_vector frame = bytes("81 85 37 fa 21 3d 7f 9f 4d 51 58 ff ff ff");
    BOOST_TEST(decode_frame_header(frame, header, server_rules).size == 6U);
    BOOST_TEST(header.payload_length == 5U);
}

// [6455-5.8-1, 6455-5.2-2, 6455-5.2-8]
BOOST_AUTO_TEST_CASE(unowned_reserved_bits_fail_at_the_first_byte) {
    for (const char* first : {"c1", "a1", "91", "f1", "c2", "c0", "c8", "c9", "a8", "9a"}) {
        check_fails_at_last_byte(first, server_rules, error::reserved_bits);
        check_fails_at_last_byte(first, client_rules, error::reserved_bits);
    }
}

// [7692-6.1-4]
BOOST_AUTO_TEST_CASE(owned_rsv1_is_for_first_data_frames_only) {
    BOOST_TEST(check_decodes("c1 05", client_deflate_rules).rsv1);
    BOOST_TEST(check_decodes("42 05", client_deflate_rules).rsv1);
    BOOST_TEST(!check_decodes("81 05", client_deflate_rules).rsv1);
    // A continuation, control frames, and the other two bits.
    for (const char* first : {"c0", "40", "c8", "c9", "ca", "a1", "91", "e1", "d2"})
        check_fails_at_last_byte(first, client_deflate_rules, error::reserved_bits);
}

// [6455-5.2-3]
BOOST_AUTO_TEST_CASE(reserved_opcodes_fail_at_the_first_byte) {
    for (const char* first : {"83", "84", "85", "86", "87", "8b", "8c", "8d", "8e", "8f", "03"})
        for (const frame_rules rules : all_rules)
            check_fails_at_last_byte(first, rules, error::reserved_opcode);
}

// [6455-5.4-2, 6455-5.5-2]
BOOST_AUTO_TEST_CASE(control_without_fin_fails_at_the_first_byte) {
    for (const char* first : {"08", "09", "0a"})
        for (const frame_rules rules : all_rules)
            check_fails_at_last_byte(first, rules, error::fragmented_control);
    BOOST_TEST((check_decodes("88 00", client_rules).op == opcode::close));
}

// [6455-5.1-2]
BOOST_AUTO_TEST_CASE(server_refuses_an_unmasked_frame_at_the_second_byte) {
    for (const char* front : {"81 05", "82 00", "80 7e", "88 02", "89 7f"})
        check_fails_at_last_byte(front, server_rules, error::unmasked_frame);
}

// [6455-5.1-4]
BOOST_AUTO_TEST_CASE(client_refuses_a_masked_frame_at_the_second_byte) {
    for (const char* front : {"81 85", "82 80", "80 fe", "88 82", "89 ff"})
        check_fails_at_last_byte(front, client_rules, error::masked_frame);
}

// [6455-5.5-1]
BOOST_AUTO_TEST_CASE(control_over_125_bytes_fails_at_the_second_byte) {
    for (const char* front : {"88 7e", "88 7f", "89 7e", "89 7f", "8a 7e", "8a 7f"})
        check_fails_at_last_byte(front, client_rules, error::oversized_control);
    for (const char* front : {"88 fe", "89 ff", "8a fe"})
        check_fails_at_last_byte(front, server_rules, error::oversized_control);
    BOOST_TEST(check_decodes("89 7d", client_rules).payload_length == 125U);
}

// [6455-5.2-5]
BOOST_AUTO_TEST_CASE(length_of_two_bytes_must_need_them) {
    check_fails_at_last_byte("82 7e 00 7d", client_rules, error::non_minimal_length);
    check_fails_at_last_byte("82 7e 00 00", client_rules, error::non_minimal_length);
    check_fails_at_last_byte("82 fe 00 7d", server_rules, error::non_minimal_length);
    BOOST_TEST(check_decodes("82 7e 00 7e", client_rules).payload_length == 126U);
    BOOST_TEST(check_decodes("82 7e ff ff", client_rules).payload_length == 65535U);
}

// [6455-5.2-5]
BOOST_AUTO_TEST_CASE(length_of_eight_bytes_must_need_them) {
    check_fails_at_last_byte("82 7f 00 00 00 00 00 00", client_rules, error::non_minimal_length);
    check_fails_at_last_byte("82 ff 00 00 00 00 00 00", server_rules, error::non_minimal_length);
    BOOST_TEST((error_of("82 7f 00 00 00 00 00 00 ff ff", client_rules) ==
                make_error_code(error::non_minimal_length)));
    BOOST_TEST(check_decodes("82 7f 00 00 00 00 00 01 00 00", client_rules).payload_length ==
               65536U);
    BOOST_TEST(check_decodes("82 7f 00 00 00 01 00 00 00 00", client_rules).payload_length ==
               std::uint64_t{1} << 32);
}

// [6455-5.2-4]
BOOST_AUTO_TEST_CASE(top_bit_of_a_64_bit_length_fails_at_its_byte) {
    check_fails_at_last_byte("82 7f 80", client_rules, error::length_overflow);
    check_fails_at_last_byte("82 ff ff", server_rules, error::length_overflow);
    BOOST_TEST(check_decodes("82 7f 7f ff ff ff ff ff ff ff", client_rules).payload_length ==
               0x7FFF'FFFF'FFFF'FFFFU);
}

BOOST_AUTO_TEST_CASE(all_first_two_bytes_are_judged_like_the_twin) {
    // Tails that are minimal, not minimal, overflowing, and plain noise.
    const std::array tails{
        bytes("00 7d 00 00 00 00 ff ff 01 02 03 04"), bytes("00 7e 00 00 00 00 00 00 01 02 03 04"),
        bytes("80 00 00 00 00 00 00 00 01 02 03 04"), bytes("00 00 00 00 00 01 00 00 01 02 03 04"),
        bytes("7f ff ff ff ff ff ff ff ff ff ff ff")};
    for (unsigned pair = 0; pair < 65536; ++pair) {
        byte_vector in{static_cast<std::byte>(pair >> 8), static_cast<std::byte>(pair & 0xFF)};
        test::append(in, tails[pair % tails.size()]);
        for (std::size_t size = 0; size <= 4; ++size)
            check_same_as_twin(std::span(in).first(size));
        for (const byte_vector& tail : tails) {
            std::ranges::copy(tail, in.begin() + 2);
            check_same_as_twin(in);
        }
    }
}

BOOST_AUTO_TEST_CASE(random_headers_are_judged_like_the_twin_at_every_cut) {
    std::mt19937 random(20260101);  // NOLINT(*-msc51-cpp): the same every time
    constexpr std::array<unsigned, 6> seconds{0x7E, 0x7F, 0xFE, 0xFF, 0x05, 0x85};
    for (int round = 0; round < 20'000; ++round) {
        byte_vector in(max_frame_header_size);
        for (std::byte& b : in)  // many zeros, so that lengths are often not minimal
            b = random() % 2 == 0 ? std::byte{0} : static_cast<std::byte>(random() % 256);
        in[0] = static_cast<std::byte>(0x80 | random() % 3);
        in[1] = static_cast<std::byte>(seconds[random() % seconds.size()]);
        for (std::size_t size = 0; size <= in.size(); ++size)
            check_same_as_twin(std::span(in).first(size));
    }
}

// [6455-5.2-5]
BOOST_AUTO_TEST_CASE(encoding_uses_the_shortest_length) {
    const auto binary = [](std::uint64_t length) {
        return encoded_hex({.op = opcode::binary, .payload_length = length});
    };
    BOOST_TEST(binary(0) == "82 00");
    BOOST_TEST(binary(125) == "82 7d");
    BOOST_TEST(binary(126) == "82 7e 00 7e");
    BOOST_TEST(binary(65535) == "82 7e ff ff");
    BOOST_TEST(binary(65536) == "82 7f 00 00 00 00 00 01 00 00");
    BOOST_TEST(binary(0x7FFF'FFFF'FFFF'FFFFU) == "82 7f 7f ff ff ff ff ff ff ff");
}

// [6455-5.3-1]
BOOST_AUTO_TEST_CASE(encoding_puts_the_key_after_the_length) {
    const masking_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    const auto masked = [key](std::uint64_t length) {
        return encoded_hex({.masked = true, .payload_length = length, .key = key});
    };
    BOOST_TEST(masked(5) == "81 85 01 02 03 04");
    BOOST_TEST(masked(256) == "81 fe 01 00 01 02 03 04");
    BOOST_TEST(masked(65536) == "81 ff 00 00 00 00 00 01 00 00 01 02 03 04");
}

BOOST_AUTO_TEST_CASE(encoding_writes_every_flag_and_opcode) {
    BOOST_TEST(encoded_hex({.fin = false, .op = opcode::continuation}) == "00 00");
    BOOST_TEST(encoded_hex({.fin = false, .rsv1 = true}) == "41 00");
    BOOST_TEST(encoded_hex({.rsv2 = true}) == "a1 00");
    BOOST_TEST(encoded_hex({.rsv3 = true}) == "91 00");
    BOOST_TEST(encoded_hex({.op = opcode::close}) == "88 00");
    BOOST_TEST(encoded_hex({.op = opcode::ping}) == "89 00");
    BOOST_TEST(encoded_hex({.op = opcode::pong}) == "8a 00");
}

BOOST_AUTO_TEST_CASE(what_is_encoded_decodes_to_the_same) {
    const masking_key key{std::byte{9}, std::byte{8}, std::byte{7}, std::byte{6}};
    for (const std::uint64_t length : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 4'000'000'000U})
        for (const bool fin : {false, true})
            for (const bool rsv1 : {false, true})
                for (const bool masked : {false, true}) {
                    const frame_header sent{.fin = fin,
                                            .rsv1 = rsv1,
                                            .op = opcode::binary,
                                            .masked = masked,
                                            .payload_length = length,
                                            .key = masked ? key : masking_key{}};
                    const frame_rules rules = masked ? server_deflate_rules : client_deflate_rules;
                    BOOST_TEST((check_decodes(encoded_hex(sent), rules) == sent));
                }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
