// permessage-deflate on one connection: which messages are compressed, and which codecs are kept
// for how long.
#include "protocol/deflate_extension.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "support/bytes.hpp"
#include "support/deflate.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;

constexpr deflate_params no_takeover{.server_no_context_takeover = true,
                                     .client_no_context_takeover = true};

// One side of a connection, with its options.
struct side {
    explicit side(const deflate_params& agreed, role which = role::server,
                  const deflate_options& with = {.enabled = true})
        : options(with), extension(agreed, options, which, test::test_codecs) {}

    // The compressed payload; empty if the message is to be sent as it is.
    byte_vector compress(std::string_view text, compression wish = compression::automatic) {
        const auto payload = extension.compress(std::as_bytes(std::span(text)), wish);
        byte_vector copy(payload.begin(), payload.end());
        extension.end_compress();
        return copy;
    }

    std::optional<std::string> inflate(const byte_vector& payload) {
        inflater& codec = extension.reader();
        std::span<const std::byte> in(payload);
        const std::span<std::byte> room = extension.room();
        std::span<std::byte> out = room;
        if (codec.read(in, out) != inflate_status::need_input || !codec.finish()) {
            return std::nullopt;
        }
        std::string message = test::to_text(room.first(room.size() - out.size()));
        extension.end_message();
        return message;
    }

    deflate_options options;
    deflate_extension extension;
};

BOOST_AUTO_TEST_SUITE(deflate_extensions)

BOOST_AUTO_TEST_CASE(the_threshold_is_for_messages_by_themselves) {
    const deflate_options options{.enabled = true, .threshold = 100};
    side alone(no_takeover, role::server, options);
    BOOST_TEST(alone.compress(std::string(99, 'a')).empty());
    BOOST_TEST(!alone.compress(std::string(100, 'a')).empty());
    BOOST_TEST(!alone.compress(std::string(99, 'a'), compression::yes).empty());
    BOOST_TEST(alone.compress(std::string(100, 'a'), compression::no).empty());
    // With takeover every message improves the next one.
    side together({}, role::server, options);
    BOOST_TEST(!together.compress("a").empty());
    BOOST_TEST(together.compress("a", compression::no).empty());
    // It is the own direction that counts.
    side client({.server_no_context_takeover = true}, role::client, options);
    BOOST_TEST(!client.compress("a").empty());
    side server({.server_no_context_takeover = true}, role::server, options);
    BOOST_TEST(server.compress("a").empty());
}

BOOST_AUTO_TEST_CASE(empty_messages_are_sent_as_they_are) {
    for (const compression wish : {compression::automatic, compression::yes, compression::no}) {
        BOOST_TEST(side({}).compress("", wish).empty());
        BOOST_TEST(side(no_takeover, role::server, {.enabled = true, .threshold = 0})
                       .compress("", wish)
                       .empty());
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_get_smaller) {
    const std::string noise = test::noise(1000);
    side alone(no_takeover);
    BOOST_TEST(alone.compress(noise).empty());
    BOOST_TEST(alone.compress(noise, compression::yes).size() > noise.size());
    // With takeover the peer's window must see it, for the next one to refer to it.
    side together({});
    BOOST_TEST(together.compress(noise).size() > noise.size());
    BOOST_TEST(together.compress(noise).size() < 50U);
}

// [7692-7.2.1-6]
BOOST_AUTO_TEST_CASE(a_client_that_is_told_a_window_of_256_bytes_sends_messages_as_they_are) {
    const deflate_params narrow{.client_max_window_bits = 8};
    for (const compression wish : {compression::automatic, compression::yes}) {
        side client(narrow, role::client);
        BOOST_TEST(client.compress(std::string(1000, 'a'), wish).empty());
        BOOST_TEST(!client.extension.holds_codec());
        BOOST_TEST(!side(narrow, role::server).compress(std::string(1000, 'a'), wish).empty());
    }
}

BOOST_AUTO_TEST_CASE(options_choose_the_compressor) {
    const std::string text = test::records(20'000);
    const auto size_with = [&](const deflate_options& options, const deflate_params& agreed) {
        return side(agreed, role::server, options).compress(text).size();
    };
    const std::size_t usual = size_with({.enabled = true}, {});
    BOOST_TEST(size_with({.enabled = true, .level = 1}, {}) > usual);
    BOOST_TEST(size_with({.enabled = true, .level = 9}, {}) <= usual);
    BOOST_TEST(size_with({.enabled = true, .memory_level = 1}, {}) > usual);
    BOOST_TEST(size_with({.enabled = true}, {.server_max_window_bits = 9}) > usual);
    BOOST_TEST(size_with({.enabled = true}, {.client_max_window_bits = 9}) == usual);
}

// [7692-7.2.1-4, 7692-7.2.1-5]
BOOST_AUTO_TEST_CASE(without_takeover_no_codec_is_held) {
    side server(no_takeover);
    side client(no_takeover, role::client);
    for (int i = 0; i < 3; ++i) {
        const std::string text = test::records(500);
        const byte_vector payload = server.compress(text);
        BOOST_TEST(!server.extension.holds_codec());
        BOOST_TEST((client.inflate(payload) == text));
        BOOST_TEST(!client.extension.holds_codec());
        // Each stands by itself.
        BOOST_TEST((side(no_takeover, role::client).inflate(payload) == text));
    }
}

BOOST_AUTO_TEST_CASE(with_takeover_a_codec_is_held_for_each_direction_that_is_used) {
    side server({});
    side client({}, role::client);
    BOOST_TEST(!server.extension.holds_codec());
    const byte_vector payload = server.compress("Hello");
    BOOST_TEST(server.extension.holds_codec());
    BOOST_TEST(!client.extension.holds_codec());
    BOOST_TEST((client.inflate(payload) == "Hello"));
    BOOST_TEST(client.extension.holds_codec());
    server.extension.release();
    client.extension.release();
    BOOST_TEST(!server.extension.holds_codec());
    BOOST_TEST(!client.extension.holds_codec());
}

// [7692-7.2.2-1, 7692-7.2.2-2]
BOOST_AUTO_TEST_CASE(release_keeps_what_the_peer_refers_to) {
    side server({});
    side client({}, role::client);
    const std::string text = test::records(400);
    BOOST_TEST((client.inflate(server.compress(text)) == text));
    for (int i = 0; i < 3; ++i) {
        client.extension.release();
        client.extension.release();  // once more changes nothing
        const byte_vector refers = server.compress(text);
        BOOST_TEST(refers.size() < 20U);
        BOOST_TEST((client.inflate(refers) == text));
    }
    // The own direction begins anew, and the peer's window does not mind.
    server.extension.release();
    const byte_vector anew = server.compress(text);
    BOOST_TEST(anew.size() > 60U);
    BOOST_TEST((client.inflate(anew) == text));
    // The pool's codecs have been with others in between.
    BOOST_TEST((side({}, role::client).inflate(anew) == text));
}

BOOST_AUTO_TEST_CASE(release_in_the_middle_of_a_message) {
    side server({});
    side client({}, role::client);
    const std::string text = test::records(400);
    static_cast<void>(client.compress("so that it holds a compressor, too"));
    const byte_vector payload = server.compress(text);
    std::string got;
    for (const std::byte& octet : payload) {
        std::span<const std::byte> in(&octet, 1);
        const std::span<std::byte> room = client.extension.room();
        std::span<std::byte> out = room;
        BOOST_REQUIRE((client.extension.reader().read(in, out) == inflate_status::need_input));
        got += test::to_text(room.first(room.size() - out.size()));
        client.extension.release();
        BOOST_TEST(!client.extension.holds_codec());  // none that it could give back
    }
    BOOST_TEST(client.extension.reader().finish());
    BOOST_TEST(got == text);
    client.extension.end_message();
    BOOST_TEST(client.extension.holds_codec());
}

// At the end of the connection, even in the middle of a message.
BOOST_AUTO_TEST_CASE(the_end_gives_back_all) {
    side server({});
    static_cast<void>(server.compress("Hello"));
    static_cast<void>(server.extension.reader());
    server.extension.end();
    BOOST_TEST(!server.extension.holds_codec());
    server.extension.end();
    side client({}, role::client);
    BOOST_TEST((client.inflate(test::compressed("Hello")) == "Hello"));
    client.extension.release();  // a window is left
    client.extension.end();
    BOOST_TEST(!client.extension.holds_codec());
}

BOOST_AUTO_TEST_CASE(windows_of_each_direction) {
    const deflate_params agreed{.server_max_window_bits = 9, .client_max_window_bits = 12};
    side server(agreed);
    side client(agreed, role::client);
    static_cast<void>(server.compress("a"));
    BOOST_TEST(server.extension.reader().window_bits() == 12);
    BOOST_TEST(client.extension.reader().window_bits() == 9);
    server.extension.end_message();
    client.extension.end_message();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
