// Compressed messages (RFC 7692 §6, §7.2) on the literal bytes of its examples (§7.2.3), rule by
// rule, as the ledger (test/conformance/ledger.toml) numbers them.
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <utility>

#include "protocol/codec_pool.hpp"
#include "protocol/deflate_params.hpp"
#include "protocol/endpoint.hpp"
#include "support/bytes.hpp"
#include "support/endpoint_script.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;
using test::bytes;
using test::cuts;

codec_pool& pool() {
    static codec_pool codecs;
    return codecs;
}

/// Masks with zeroes, so that a client's payload is on the wire as it is.
class no_masks final : public key_source {
public:
    masking_key next_key() override { return {}; }
};

/// One side of a connection on which `params` have been agreed.
struct side {
    explicit side(role which, const deflate_params& params = {}) : e(which, options, &keys, {}) {
        e.enable_deflate(params, pool);
    }

    /// The frame of one message, in hex.
    std::string sent(std::string_view text, compression wish = compression::yes) {
        BOOST_TEST(!e.send(message_view(text), wish));
        return test::to_hex(test::drain_output(e));
    }
    /// The payload of the one compressed frame of a message: RSV1, FIN, and nothing behind it.
    byte_vector payload(std::string_view text) {
        BOOST_TEST(!e.send(message_view(text), compression::yes));
        const byte_vector out = test::drain_output(e);
        frame_header header;
        const bool masked = (out.at(1) & std::byte{0x80}) != std::byte{0};
        const decoded_header decoded = decode_frame_header(
            out, header, {.receiver = masked ? role::server : role::client, .rsv1_owned = true});
        BOOST_REQUIRE(decoded.size > 0U);
        BOOST_TEST(header.fin);
        BOOST_TEST(header.rsv1);
        BOOST_TEST(header.payload_length == out.size() - decoded.size);
        return {out.begin() + static_cast<std::ptrdiff_t>(decoded.size), out.end()};
    }
    std::string received(const byte_vector& input) {
        return test::feed(e, input, cuts::whole(), test::reaction::silent);
    }

    connection_options options{.deflate = {.enabled = true}};
    no_masks keys;
    endpoint e;
};

/// The frames of a peer: given as a server's in hex, masked with zeroes for a server.
byte_vector from_peer(role receiver, std::initializer_list<std::string_view> frames) {
    byte_vector all;
    for (const std::string_view hex : frames) {
        byte_vector frame = bytes(hex);  // at most 125 bytes of payload
        if (receiver == role::server) {
            frame[1] |= std::byte{0x80};
            frame.insert(frame.begin() + 2, 4, std::byte{0});
        }
        test::append(all, frame);
    }
    return all;
}

// §7.2.3.1, §7.2.3.2.
constexpr const char* hello = "c1 07 f2 48 cd c9 c9 07 00";
constexpr const char* hello_again = "c1 05 f2 00 11 00 00";

std::string noise(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);  // NOLINT(*-msc51-cpp): the same every time
    std::string text(size, ' ');
    for (char& c : text) {
        c = static_cast<char>(random() & 0x7F);
    }
    return text;
}

/// Whether a receiver with a window of so many bits can decompress the payload. It gets one byte at
/// a time, so that a reference cannot reach what is still in the output.
bool fits_window(const byte_vector& payload, int window_bits, std::string_view expected) {
    inflater codec(window_bits);
    std::span<const std::byte> in = payload;
    std::string text;
    for (;;) {
        std::byte octet{};
        std::span room(&octet, 1);
        const inflate_status status = codec.read(in, room);
        if (status == inflate_status::broken) {
            return false;
        }
        if (room.empty()) {
            text += static_cast<char>(octet);
        } else {
            return codec.finish() && text == expected;
        }
    }
}

BOOST_AUTO_TEST_SUITE(deflate_messages)

// [6455-9.1-5]
BOOST_AUTO_TEST_CASE(before_it_is_agreed_on_nothing_is_compressed) {
    const connection_options options{.deflate = {.enabled = true}};
    no_masks keys;
    endpoint e(role::client, options, &keys, {});
    BOOST_TEST(!e.send(message_view("Hello"), compression::yes));
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "81 85 00 00 00 00 48 65 6c 6c 6f");
}

// ---- §6.1, §7.2.1: sending

// [7692-5-11, 7692-6.1-1]
BOOST_AUTO_TEST_CASE(a_compressed_message_is_the_rfcs_example) {
    side server(role::server);
    BOOST_TEST(server.sent("Hello") == hello);
    BOOST_TEST(server.sent("Hello") == hello_again);
    side client(role::client);
    BOOST_TEST(client.sent("Hello") == "c1 87 00 00 00 00 f2 48 cd c9 c9 07 00");
}

// [7692-6.1-2]
BOOST_AUTO_TEST_CASE(an_uncompressed_message_has_rsv1_unset) {
    side server(role::server);
    BOOST_TEST(server.sent("Hello", compression::no) == "81 05 48 65 6c 6c 6f");
    BOOST_TEST(server.sent("Hello") == hello);
    BOOST_TEST(server.sent("Hello", compression::no) == "81 05 48 65 6c 6c 6f");
    BOOST_TEST(server.sent("Hello") == hello_again);  // the window is not affected
}

// [7692-6.1-3]
BOOST_AUTO_TEST_CASE(control_frames_have_rsv1_unset) {
    side server(role::server);
    BOOST_TEST(!server.e.ping(test::text_bytes("Hello")));
    server.received(from_peer(role::server, {hello, "89 01 70"}));
    server.e.close(close_reason());
    BOOST_TEST(test::to_hex(test::drain_output(server.e)) ==
               "89 05 48 65 6c 6c 6f 8a 01 70 88 02 03 e8");
}

// Only blocks that are not final are sent, and each message in one frame.
// [7692-7.2.1-1, 7692-7.2.1-2]
BOOST_AUTO_TEST_CASE(a_message_is_one_frame_of_blocks_that_are_not_final) {
    side server(role::server);
    for (const std::size_t size : {1U, 5U, 1000U, 100'000U}) {
        for (const std::string& text : {std::string(size, 'x'), noise(size)}) {
            const byte_vector payload = server.payload(text);
            BOOST_TEST(((payload.front() & std::byte{1}) == std::byte{0}));
            BOOST_TEST((payload.back() != std::byte{0xFF}));  // 00 00 ff ff is off
        }
    }
}

// [7692-7.2.1-4, 7692-7.2.1-5]
BOOST_AUTO_TEST_CASE(without_context_takeover_each_message_begins_anew) {
    for (const role which : {role::client, role::server}) {
        side sender(which, {.server_no_context_takeover = which == role::server,
                            .client_no_context_takeover = which == role::client});
        const byte_vector first = sender.payload("Hello");
        BOOST_TEST(test::to_hex(first) == "f2 48 cd c9 c9 07 00");
        BOOST_TEST((sender.payload("Hello") == first));
        // The other side's parameter does not matter.
        side other(which, {.server_no_context_takeover = which == role::client,
                           .client_no_context_takeover = which == role::server});
        BOOST_TEST((other.payload("Hello") == first));
        BOOST_TEST(test::to_hex(other.payload("Hello")) == "f2 00 11 00 00");
    }
}

// [7692-7.2.1-3, 7692-7.2.1-6, 7692-7.2.1-7]
BOOST_AUTO_TEST_CASE(no_reference_reaches_beyond_the_agreed_window) {
    for (const role which : {role::client, role::server})
        for (int bits = 9; bits <= 15; ++bits) {
            const std::size_t window = std::size_t{1} << static_cast<unsigned>(bits);
            std::string text = noise(window + window / 4);
            text += text.substr(0, window / 4);  // repeats what is just out of reach
            side sender(which, {.server_max_window_bits = which == role::server ? bits : 15,
                                .client_max_window_bits = which == role::client ? bits : 15});
            const byte_vector payload = sender.payload(text);
            BOOST_TEST(fits_window(payload, bits, text));
            // The test itself notices one that does.
            side wider(which);
            if (bits < 15)
                BOOST_TEST(!fits_window(wider.payload(text), bits, text));
        }
}

// A client that is told to use 256 bytes, which zlib cannot, does not compress. [7692-7.2.1-6]
BOOST_AUTO_TEST_CASE(for_a_window_that_is_too_small_messages_are_not_compressed) {
    side client(role::client, {.client_max_window_bits = 8});
    BOOST_TEST(client.sent("Hello") == "81 85 00 00 00 00 48 65 6c 6c 6f");
}

// ---- §6.1, §6.2, §7.2.2: receiving

// [7692-6.2-1]
BOOST_AUTO_TEST_CASE(the_examples_of_the_rfc_are_received) {
    const std::initializer_list<std::initializer_list<std::string_view>> examples{
        {hello},
        {"41 03 f2 48 cd", "80 04 c9 c9 07 00"},              // §7.2.3.1, fragmented
        {"41 03 f2 48 cd", "00 00", "80 04 c9 c9 07 00"},     // with an empty fragment
        {"c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"},           // §7.2.3.3, not compressed
        {"c1 08 f3 48 cd c9 c9 07 00 00"},                    // §7.2.3.4, BFINAL
        {"c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"},     // §7.2.3.5, two blocks
        {"41 0a 00 05 00 fa ff 48 65 6c 6c 6f", "80 01 00"},  // §7.2.3.6, empty last one
        {"41 03 f2 48 cd", "8a 01 75", "80 04 c9 c9 07 00"},  // a pong between
    };
    for (const role which : {role::client, role::server})
        for (const auto& frames : examples)
            for (const cuts& cut : {cuts::whole(), cuts::every(1)}) {
                side receiver(which);
                std::string got =
                    test::feed(receiver.e, from_peer(which, frames), cut, test::reaction::silent);
                const std::size_t pong = got.find("pong(u) ");
                if (pong != std::string::npos) {
                    got.erase(pong, 8);
                }
                BOOST_TEST(got == "text(Hello) ");
            }
}

// [7692-6.2-2]
BOOST_AUTO_TEST_CASE(uncompressed_messages_are_received_as_they_are) {
    const char* const plain = "81 05 48 65 6c 6c 6f";
    for (const role which : {role::client, role::server}) {
        side receiver(which);
        BOOST_TEST(receiver.received(from_peer(
                       which, {plain, hello, plain, hello_again, "02 01 61", "80 01 62"})) ==
                   "text(Hello) text(Hello) text(Hello) text(Hello) binary(ab) ");
    }
}

// What decompresses to text is judged as text (§6.1). [7692-6.2-1]
BOOST_AUTO_TEST_CASE(what_is_decompressed_must_be_utf8) {
    for (const role which : {role::client, role::server}) {
        side receiver(which);
        BOOST_TEST(receiver.received(from_peer(which, {"c1 07 00 01 00 fe ff ff 00"})) ==
                   "closing closed ");
        BOOST_TEST(receiver.e.info().ec == make_error_code(error::invalid_utf8));
    }
}

// [7692-6.1-4]
BOOST_AUTO_TEST_CASE(rsv1_on_other_frames_fails_the_connection) {
    for (const role which : {role::client, role::server})
        for (const char* const second :
             {"c0 04 c9 c9 07 00", "40 01 c9", "c9 00", "ca 00", "c8 00"}) {
            side receiver(which);
            BOOST_TEST(receiver.received(from_peer(which, {"41 03 f2 48 cd", second})) ==
                       "closing closed ");
            BOOST_TEST(receiver.e.info().ec == make_error_code(error::reserved_bits));
        }
}

// [7692-7.2.2-1, 7692-7.2.2-2]
BOOST_AUTO_TEST_CASE(the_window_is_taken_over_from_message_to_message) {
    for (const role which : {role::client, role::server}) {
        side receiver(which);
        BOOST_TEST(receiver.received(from_peer(which, {hello, hello_again, hello_again})) ==
                   "text(Hello) text(Hello) text(Hello) ");
    }
}

// [7692-7.2.2-1, 7692-7.2.2-2]
BOOST_AUTO_TEST_CASE(the_window_outlasts_a_long_silence) {
    for (const role which : {role::client, role::server}) {
        side receiver(which);
        BOOST_TEST(receiver.received(from_peer(which, {hello})) == "text(Hello) ");
        BOOST_REQUIRE(receiver.e.deadline().has_value());
        receiver.e.on_timer(time_point(receiver.options.deflate.release_after));
        BOOST_TEST(receiver.received(from_peer(which, {hello_again})) == "text(Hello) ");
    }
}

// [7692-7.2.2-4, 7692-7.2.2-5]
BOOST_AUTO_TEST_CASE(without_a_limit_the_window_is_of_32768_bytes) {
    for (const role which : {role::client, role::server}) {
        side sender(which == role::server ? role::client : role::server);
        side receiver(which);
        // 32,506 bytes is the farthest that zlib refers to.
        const std::string first = noise(32'500);
        for (const std::string& text : {first, first.substr(0, 258)}) {
            BOOST_TEST(!sender.e.send(message_view(std::string_view(text)), compression::yes));
            const byte_vector wire = test::drain_output(sender.e);
            BOOST_TEST((text.size() > 258 || wire.size() < 30U));  // it is a reference
            BOOST_TEST((receiver.received(wire) == "text(" + text + ") "));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
