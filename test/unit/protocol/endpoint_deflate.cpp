// The endpoint with permessage-deflate: compressed input whole, byte by byte and cut everywhere,
// how it fails, what it sends, and when it gives its codecs back. (Rule by rule, on the bytes of
// RFC 7692's examples: deflate_messages.cpp.)
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "protocol/close_payload.hpp"
#include "protocol/endpoint.hpp"
#include "support/bytes.hpp"
#include "support/deflate.hpp"
#include "support/endpoint_script.hpp"

namespace websock::protocol {
namespace {

using namespace std::chrono_literals;
using test::byte_vector;
using test::bytes;
using test::compressed;
using test::cuts;

constexpr unsigned text_frame = 0xC1;  // FIN, RSV1
constexpr unsigned first_text = 0x41;
constexpr unsigned more = 0x00;
constexpr unsigned last = 0x80;

byte_vector client_frame(unsigned first, std::span<const std::byte> payload) {
    const byte_vector key = bytes("37 fa 21 3d");
    frame_header header;
    header.fin = (first & 0x80U) != 0;
    header.rsv1 = (first & 0x40U) != 0;
    header.op = static_cast<opcode>(first & 0x0FU);
    header.masked = true;
    std::copy_n(key.begin(), 4, header.key.begin());
    header.payload_length = payload.size();
    byte_vector out(max_frame_header_size);
    out.resize(encode_frame_header(header, out));
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out.push_back(payload[i] ^ header.key[i % 4]);
    }
    return out;
}

byte_vector client_frame(unsigned first, std::string_view payload) {
    return client_frame(first, std::as_bytes(std::span(payload)));
}

byte_vector operator+(byte_vector a, const byte_vector& b) {
    test::append(a, b);
    return a;
}

connection_options usual() {
    connection_options options;
    options.deflate.enabled = true;
    return options;
}

struct outcome {
    std::string events;
    std::string output;  // hex
    close_info info;

    bool operator==(const outcome& other) const {
        return events == other.events && output == other.output && info.code == other.info.code &&
               info.ec == other.info.ec && info.clean == other.info.clean;
    }
};

struct script {
    connection_options options = usual();
    deflate_params agreed;

    // The input in two parts, each cut as it says.
    outcome run(std::span<const std::byte> input, std::size_t first, cuts cut) const {
        endpoint e(role::server, options, nullptr, {});
        e.enable_deflate(agreed, test::test_codecs);
        outcome result;
        result.events = test::feed(e, input.first(first), cut);
        result.events += test::feed(e, input.subspan(first), cut);
        result.output = test::to_hex(test::drain_output(e));
        result.info = e.info();
        return result;
    }

    // The same wherever the input is cut.
    outcome run_all_cuts(const byte_vector& input) const {
        outcome whole = run(input, 0, cuts::whole());
        std::vector<cuts> others{cuts::every(1), cuts::every(2), cuts::every(3), cuts::every(7)};
        for (unsigned seed = 1; seed <= 20; ++seed) {
            others.push_back(cuts::random(seed));
        }
        for (const cuts& cut : others) {
            BOOST_TEST((run(input, 0, cut) == whole));
        }
        for (std::size_t at = 1; at < std::min<std::size_t>(input.size(), 1000); ++at) {
            BOOST_TEST((run(input, at, cuts::whole()) == whole), "cut at " << at);
        }
        return whole;
    }

    void expect_failure(const byte_vector& input, error why, close_code code,
                        const std::string& events_before = "") const {
        const outcome got = run_all_cuts(input);
        BOOST_TEST(got.events == events_before + "closing closed ");
        const auto payload =
            encode_close_payload(close_reason(code, make_error_code(why).message()));
        BOOST_TEST(
            got.output.ends_with(test::to_hex(std::span(payload.bytes).first(payload.size))));
        BOOST_TEST((got.info.code == code));
        BOOST_TEST((got.info.initiator == initiator::local));
        BOOST_TEST(!got.info.clean);
        BOOST_TEST(got.info.ec == make_error_code(why));
    }
};

// A compressed text message in frames of so many bytes, with other frames between them.
byte_vector fragments(std::span<const std::byte> payload, std::size_t size,
                      const byte_vector& between = {}) {
    byte_vector out;
    unsigned first = first_text;
    do {
        const auto part = payload.first(std::min(size, payload.size()));
        payload = payload.subspan(part.size());
        test::append(out, client_frame(first | (payload.empty() ? 0x80U : 0U), part));
        if (!payload.empty()) {
            test::append(out, between);
        }
        first = more;
    } while (!payload.empty());
    return out;
}

BOOST_AUTO_TEST_SUITE(endpoint_inflating)

// [7692-6.2-1]
BOOST_AUTO_TEST_CASE(one_frame) {
    const outcome got = script().run_all_cuts(client_frame(text_frame, compressed("Hello")) +
                                              client_frame(text_frame, bytes("f2 00 11 00 00")));
    BOOST_TEST(got.events == "text(Hello) text(Hello) ");
    BOOST_TEST(got.output == "c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00");
}

// [7692-6.2-1, 6455-5.4-5]
BOOST_AUTO_TEST_CASE(fragments_with_control_frames_between) {
    const std::string text = test::records(150);
    const byte_vector payload = compressed(text);
    const byte_vector between =
        client_frame(0x89, "p") + client_frame(more, "") + client_frame(0x8A, "u");
    for (const std::size_t size : {1U, 10U, 60U}) {
        std::string events;
        for (std::size_t at = size; at < payload.size(); at += size) {
            events += "ping(p) pong(u) ";
        }
        const outcome got = script().run_all_cuts(fragments(payload, size, between));
        BOOST_TEST(got.events == events + "text(" + text + ") ");
    }
}

// The frame that ends the message may be empty, and so may the first one be.
BOOST_AUTO_TEST_CASE(empty_fragments_of_a_compressed_message) {
    const byte_vector payload = compressed("Hello");
    const outcome got = script().run_all_cuts(
        client_frame(first_text, "") + client_frame(more, payload) + client_frame(more, "") +
        client_frame(last, "") + client_frame(first_text, "") + client_frame(last, "") +
        client_frame(first_text, bytes("00")) + client_frame(last, "") +
        client_frame(text_frame, bytes("f2 00 11 00 00")));
    BOOST_TEST(got.events == "text(Hello) text() text() text(Hello) ");
}

// RFC 7692 §6: the bit belongs to the message, so both kinds take turns.
// [7692-6.2-1, 7692-6.2-2]
BOOST_AUTO_TEST_CASE(compressed_and_plain_messages) {
    const outcome got = script().run_all_cuts(
        client_frame(0x81, "plain") + client_frame(text_frame, compressed("Hello")) +
        client_frame(0x02, "bin") + client_frame(0x80, "ary") +
        client_frame(0xC2, bytes("f2 00 11 00 00")) + client_frame(0x82, "") +
        client_frame(text_frame, bytes("f2 00 11 00 00")));
    BOOST_TEST(got.events ==
               "text(plain) text(Hello) binary(binary) binary(Hello) binary() text(Hello) ");
}

BOOST_AUTO_TEST_CASE(messages_of_all_sizes) {
    for (const std::size_t size : {1U, 100U, 4095U, 4096U, 65'535U, 65'536U, 65'537U, 300'000U}) {
        for (const std::string& text : {test::records(size), std::string(size, 'x')}) {
            const byte_vector input =
                client_frame(text_frame, compressed(text)) + client_frame(0x81, "next");
            for (const cuts& cut : {cuts::whole(), cuts::every(1000), cuts::random(1)}) {
                const connection_options options = usual();
                endpoint server(role::server, options, nullptr, {});
                server.enable_deflate({}, test::test_codecs);
                BOOST_TEST((test::feed(server, input, cut, test::reaction::silent) ==
                            "text(" + text + ") text(next) "));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_message_that_is_taken) {
    const connection_options options = usual();
    for (const std::size_t size : {100U, 100'000U}) {  // in the thread's room, and in its own
        endpoint e(role::server, options, nullptr, {});
        e.enable_deflate({}, test::test_codecs);
        const std::string text = test::records(size);
        const byte_vector input =
            client_frame(text_frame, compressed(text)) + client_frame(text_frame, compressed("x"));
        std::vector<std::byte> scratch(64 * 1024);
        std::ranges::copy(input, e.prepare(scratch).begin());
        e.commit(input.size(), {});
        const event first = e.next_event();
        BOOST_REQUIRE((first.kind == event_kind::message));
        BOOST_TEST((test::to_text(first.payload) == text));
        // What is sent meanwhile does not touch it.
        BOOST_TEST(!e.send(message_view(std::string_view(test::records(5000, 9)))));
        BOOST_TEST((test::to_text(first.payload) == text));
        BOOST_TEST((e.take_message(first).text() == text));
        BOOST_TEST((e.take_message(e.next_event()).text() == "x"));
    }
}

BOOST_AUTO_TEST_CASE(parked_input_is_decompressed_later) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, {});
    e.enable_deflate({}, test::test_codecs);
    const byte_vector input = client_frame(text_frame, compressed("Hello")) +
                              client_frame(text_frame, bytes("f2 00 11 00 00"));
    std::vector<std::byte> scratch(1024);
    std::ranges::copy(input, e.prepare(scratch).begin());
    e.commit(input.size(), {});
    BOOST_TEST(test::to_text(e.next_event().payload) == "Hello");
    e.park();
    BOOST_TEST(e.has_input());
    std::ranges::fill(scratch, std::byte{0xEE});
    BOOST_TEST(test::run_events(e, test::reaction::silent) == "text(Hello) ");
}

// A compressed payload is not received in place: what lies there would be no message.
BOOST_AUTO_TEST_CASE(a_large_compressed_frame_is_read_through_scratch) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, {});
    e.enable_deflate({}, test::test_codecs);
    const std::string text = test::noise(100'000);
    const byte_vector input = client_frame(0xC2, compressed(text));
    std::vector<std::byte> scratch(2048);
    for (std::span<const std::byte> rest(input); !rest.empty();) {
        const auto room = e.prepare(scratch);
        BOOST_TEST((room.data() >= scratch.data() && room.data() < scratch.data() + 2048));
        const std::size_t n = std::min(room.size(), rest.size());
        std::ranges::copy(rest.first(n), room.begin());
        e.commit(n, {});
        rest = rest.subspan(n);
        const event got = e.next_event();
        BOOST_TEST((got.kind == event_kind::message) == rest.empty());
        BOOST_TEST((!rest.empty() || e.take_message(got).text() == text));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint_inflating_fails)

// [6455-5.2-2, 7692-6.1-4]
BOOST_AUTO_TEST_CASE(rsv1_only_where_the_extension_owns_it) {
    const byte_vector hello = client_frame(text_frame, compressed("Hello"));
    const auto code = close_code::protocol_error;
    const script agreed;
    for (const unsigned control : {0xC8U, 0xC9U, 0xCAU}) {
        agreed.expect_failure(hello + client_frame(control, ""), error::reserved_bits, code,
                              "text(Hello) ");
    }
    for (const unsigned next : {0x40U, 0xC0U}) {
        agreed.expect_failure(
            client_frame(first_text, bytes("f2 48 cd")) + client_frame(next, bytes("c9 c9 07 00")),
            error::reserved_bits, code);
        agreed.expect_failure(client_frame(0x01, "a") + client_frame(next, "b"),
                              error::reserved_bits, code);
    }
    for (const unsigned other : {0xA1U, 0x91U, 0xE1U, 0xD2U}) {
        // RSV2 and RSV3 remain nobody's; the helper writes RSV1 only.
        byte_vector frame = client_frame(0x81, "a");
        frame[0] = static_cast<std::byte>(other);
        agreed.expect_failure(hello + frame, error::reserved_bits, code, "text(Hello) ");
    }
    const connection_options options = usual();  // enabled, but not agreed on
    endpoint e(role::server, options, nullptr, {});
    BOOST_TEST(test::feed(e, hello, cuts::every(1)) == "closing closed ");
    BOOST_TEST(e.info().ec == make_error_code(error::reserved_bits));
}

BOOST_AUTO_TEST_CASE(broken_data_is_1007) {
    const byte_vector hello = client_frame(text_frame, compressed("Hello"));
    for (const char* const bad :
         {"ff ff", "f2 48 cd c9 c9", "00 05 00 00 00", "f2 00 ff ff", "f2 48 cd c9 c9 07 00 07"}) {
        script().expect_failure(hello + client_frame(0xC2, bytes(bad)) + client_frame(0x89, "late"),
                                error::bad_compression, close_code::bad_payload, "text(Hello) ");
        script().expect_failure(hello + fragments(bytes(bad), 1), error::bad_compression,
                                close_code::bad_payload, "text(Hello) ");
    }
}

// Nothing more of the message is waited for.
BOOST_AUTO_TEST_CASE(broken_data_fails_at_once) {
    byte_vector begun = client_frame(0xC2, byte_vector(1000, std::byte{0xFF}));
    begun.resize(10);
    script().expect_failure(begun, error::bad_compression, close_code::bad_payload);
}

// What was accepted before is answered before the Close.
BOOST_AUTO_TEST_CASE(messages_before_the_failure_are_delivered_and_echoed) {
    const outcome got = script().run_all_cuts(client_frame(text_frame, compressed("Hello")) +
                                              client_frame(0xC2, bytes("ff")));
    BOOST_TEST(got.events == "text(Hello) closing closed ");
    BOOST_TEST(got.output.starts_with("c1 07 f2 48 cd c9 c9 07 00 88 "));
}

// [6455-10.4-1]
BOOST_AUTO_TEST_CASE(too_big_is_1009) {
    script small;
    small.options.max_message_size = 100;
    const byte_vector fits = compressed(std::string(100, 'x'));
    const byte_vector over = compressed(std::string(101, 'x'));
    const std::string fitting = "text(" + std::string(100, 'x') + ") ";
    BOOST_TEST(small.run_all_cuts(client_frame(text_frame, fits) + fragments(fits, 2)).events ==
               fitting + fitting);
    small.expect_failure(client_frame(text_frame, fits) + client_frame(text_frame, over),
                         error::message_too_big, close_code::too_big, fitting);
    small.expect_failure(fragments(over, 2), error::message_too_big, close_code::too_big);
    small.expect_failure(client_frame(text_frame, compressed(std::string(100'000, 'x'))),
                         error::message_too_big, close_code::too_big);
    // Known at the header: over twice 100, 64 KiB, and 16 for the fragment.
    byte_vector header = client_frame(0xC2, byte_vector(2 * 100 + 64 * 1024 + 16 + 1));
    header.resize(14);
    small.expect_failure(header, error::message_too_big, close_code::too_big);
    // A plain message has its own size.
    small.expect_failure(client_frame(0x81, std::string(101, 'x')), error::message_too_big,
                         close_code::too_big);
}

// A peer that flushes each small fragment makes data that will not be compressed much larger.
BOOST_AUTO_TEST_CASE(a_flush_in_each_fragment_is_no_offence) {
    script at_the_limit;
    at_the_limit.options.max_message_size = 4096;
    byte_vector input;
    for (int i = 0; i < 256; ++i) {  // stored blocks of 16 bytes, each with an empty one behind it
        byte_vector payload = bytes("00 10 00 ef ff");
        test::append(payload, byte_vector(16, std::byte{'x'}));
        test::append(payload, bytes(i == 255 ? "00" : "00 00 00 ff ff"));
        test::append(input, client_frame((i == 0 ? 0x42U : 0U) | (i == 255 ? 0x80U : 0U), payload));
    }
    BOOST_TEST(at_the_limit.run(input, 0, cuts::whole()).events.starts_with("binary("));
}

// [6455-8.1-1]
BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_1007) {
    const byte_vector bad = compressed("abc\xed\xa0\x80");
    script().expect_failure(client_frame(text_frame, bad), error::invalid_utf8,
                            close_code::bad_payload);
    script().expect_failure(fragments(bad, 3), error::invalid_utf8, close_code::bad_payload);
    // Fails while the rest of it is still to come.
    byte_vector begun = client_frame(
        first_text, bytes("00 04 00 fb ff 61 ed a0 80") + byte_vector(500, std::byte{0}));
    begun.resize(8 + 9);
    script().expect_failure(begun, error::invalid_utf8, close_code::bad_payload);
    // The first of two offences counts, however the bytes come.
    script small;
    small.options.max_message_size = 100;
    small.expect_failure(client_frame(text_frame, compressed("\xff" + std::string(200, 'x'))),
                         error::invalid_utf8, close_code::bad_payload);
}

// RFC 6455 §5.5.1: what crosses our Close is discarded, but it is part of the window.
BOOST_AUTO_TEST_CASE(messages_after_our_close_are_decompressed_and_discarded) {
    const connection_options options = usual();
    for (const bool whole : {true, false}) {
        endpoint e(role::server, options, nullptr, {});
        e.enable_deflate({}, test::test_codecs);
        e.close(close_reason());
        test::drain_output(e);
        byte_vector input;
        deflater from({});
        for (int i = 0; i < 3; ++i) {
            const byte_vector payload = compressed(from, test::records(500));
            test::append(input, whole ? client_frame(text_frame, payload) : fragments(payload, 4));
        }
        test::append(input, client_frame(0x88, "\x03\xe8"));
        BOOST_TEST(test::feed(e, input, whole ? cuts::whole() : cuts::every(3)) == "closed ");
        BOOST_TEST(e.info().clean);
    }
    endpoint e(role::server, options, nullptr, {});
    e.enable_deflate({}, test::test_codecs);
    e.close(close_reason());
    test::drain_output(e);
    BOOST_TEST(test::feed(e, client_frame(0xC2, bytes("ff")), cuts::whole()) == "closed ");
    BOOST_TEST(e.info().ec == make_error_code(error::bad_compression));
    BOOST_TEST(!e.info().clean);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint_deflating)

// [6455-5.1-1, 6455-6.1-7, 7692-6.1-1]
BOOST_AUTO_TEST_CASE(a_client_masks_what_it_compresses) {
    const connection_options options = usual();
    test::counting_keys keys;
    endpoint e(role::client, options, &keys, {});
    e.enable_deflate({}, test::test_codecs);
    BOOST_TEST(!e.send(message_view("Hello")));
    BOOST_TEST(!e.send(message("Hello")));
    BOOST_TEST(test::to_hex(test::drain_output(e)) ==
               "c1 87 00 00 00 01 f2 48 cd c8 c9 07 00 c1 85 00 00 00 02 f2 00 11 02 00");
}

BOOST_AUTO_TEST_CASE(the_wish_and_the_threshold) {
    connection_options options = usual();
    options.deflate.threshold = 10;
    endpoint e(role::server, options, nullptr, {});
    e.enable_deflate({.server_no_context_takeover = true}, test::test_codecs);
    const auto first_byte = [&](std::string_view text, const send_options& how) {
        BOOST_TEST(!e.send(message_view(message_kind::binary, text), how));
        const byte_vector by_view = test::drain_output(e);
        BOOST_TEST(!e.send(message(message_kind::binary, std::string(text)), how));
        BOOST_TEST((test::drain_output(e) == by_view));
        return test::to_hex(std::span(by_view).first(1));
    };
    const std::string nine(9, 'a');
    const std::string ten(10, 'a');
    BOOST_TEST(first_byte(nine, {}) == "82");
    BOOST_TEST(first_byte(ten, {}) == "c2");
    BOOST_TEST(first_byte(nine, compression::yes) == "c2");
    BOOST_TEST(first_byte(ten, compression::no) == "82");
    BOOST_TEST(first_byte("", compression::yes) == "82");
    BOOST_TEST(first_byte(test::noise(5000), {}) == "82");  // does not get smaller
    BOOST_TEST(first_byte(test::noise(5000), compression::yes) == "c2");
}

BOOST_AUTO_TEST_CASE(nothing_is_compressed_once_our_close_is_queued) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, {});
    e.enable_deflate({}, test::test_codecs);
    e.close(close_reason());
    BOOST_TEST(e.send(message_view("Hello")) == make_error_code(error::closed));
    BOOST_TEST(e.send(message("Hello")) == make_error_code(error::closed));
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "88 02 03 e8");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint_codec_time)

constexpr time_point start{1000s};

// Nothing else has a deadline.
connection_options quiet() {
    connection_options options = usual();
    options.ping_interval = 0s;
    options.idle_timeout = 0s;
    options.deflate.release_after = 5s;
    return options;
}

struct timed {
    explicit timed(const deflate_params& agreed = {}, const connection_options& with = quiet())
        : options(with), e(role::server, options, nullptr, start) {
        e.enable_deflate(agreed, test::test_codecs);
    }

    std::string receive(const byte_vector& input, time_point now) {
        return test::feed(e, input, cuts::whole(), test::reaction::silent, now);
    }
    std::string send_hello(time_point written) {
        BOOST_TEST(!e.send(message_view("Hello")));
        return test::to_hex(test::drain_output(e, written));
    }

    connection_options options;
    endpoint e;
};

const byte_vector hello = client_frame(text_frame, bytes("f2 48 cd c9 c9 07 00"));
const byte_vector hello_again = client_frame(text_frame, bytes("f2 00 11 00 00"));
constexpr const char* sent_hello = "c1 07 f2 48 cd c9 c9 07 00";
constexpr const char* sent_hello_again = "c1 05 f2 00 11 00 00";

// [7692-7.2.2-2]
BOOST_AUTO_TEST_CASE(after_silence_the_codecs_are_given_back) {
    timed t;
    BOOST_TEST(!t.e.deadline().has_value());
    BOOST_TEST(t.receive(hello, start + 1s) == "text(Hello) ");
    BOOST_TEST((t.e.deadline() == start + 6s));
    BOOST_TEST(t.send_hello(start + 2s) == sent_hello);
    BOOST_TEST((t.e.deadline() == start + 7s));
    t.e.on_timer(start + 6s);  // not yet
    BOOST_TEST((t.e.deadline() == start + 7s));
    BOOST_TEST(t.send_hello(start + 6s) == sent_hello_again);
    BOOST_TEST((t.e.deadline() == start + 11s));
    t.e.on_timer(start + 11s);
    BOOST_TEST(!t.e.deadline().has_value());
    // The peer's window is still there; our own direction begins anew.
    BOOST_TEST(t.receive(hello_again, start + 100s) == "text(Hello) ");
    BOOST_TEST((t.e.deadline() == start + 105s));
    BOOST_TEST(t.send_hello(start + 101s) == sent_hello);
    BOOST_TEST((t.e.deadline() == start + 106s));
    for (int i = 0; i < 5; ++i) {
        t.e.on_timer(start + 200s + i * 100s);
        BOOST_TEST(!t.e.deadline().has_value());
        BOOST_TEST(t.receive(hello_again, start + 201s + i * 100s) == "text(Hello) ");
    }
}

BOOST_AUTO_TEST_CASE(plain_messages_and_control_frames_use_no_codec) {
    timed t;
    BOOST_TEST(t.receive(hello, start + 1s) == "text(Hello) ");
    t.receive(client_frame(0x81, "plain") + client_frame(0x89, ""), start + 3s);
    BOOST_TEST(!t.e.send(message_view("plain"), compression::no));
    test::drain_output(t.e, start + 4s);
    BOOST_TEST((t.e.deadline() == start + 6s));
}

BOOST_AUTO_TEST_CASE(zero_keeps_the_codecs) {
    connection_options options = quiet();
    options.deflate.release_after = 0s;
    timed t({}, options);
    BOOST_TEST(t.receive(hello, start) == "text(Hello) ");
    BOOST_TEST(t.send_hello(start) == sent_hello);
    BOOST_TEST(!t.e.deadline().has_value());
    t.e.on_timer(start + 1000h);
    BOOST_TEST(t.send_hello(start + 1000h) == sent_hello_again);
    BOOST_TEST(t.receive(hello_again, start + 1000h) == "text(Hello) ");
}

BOOST_AUTO_TEST_CASE(without_takeover_there_is_nothing_to_give_back) {
    timed t({.server_no_context_takeover = true, .client_no_context_takeover = true});
    BOOST_TEST(t.receive(hello, start + 1s) == "text(Hello) ");
    BOOST_TEST(!t.e.send(message_view("Hello"), compression::yes));
    test::drain_output(t.e, start + 1s);
    BOOST_TEST(!t.e.deadline().has_value());
    // One direction is enough for a deadline.
    timed sends({.client_no_context_takeover = true});
    BOOST_TEST(sends.receive(hello, start + 1s) == "text(Hello) ");
    BOOST_TEST(!sends.e.deadline().has_value());
    BOOST_TEST(sends.send_hello(start + 2s) == sent_hello);
    BOOST_TEST((sends.e.deadline() == start + 7s));
    timed receives({.server_no_context_takeover = true});
    BOOST_TEST(receives.receive(hello, start + 1s) == "text(Hello) ");
    BOOST_TEST((receives.e.deadline() == start + 6s));
}

BOOST_AUTO_TEST_CASE(silence_in_the_middle_of_a_message) {
    timed t;
    BOOST_TEST(t.receive(client_frame(first_text, bytes("f2 48 cd")), start + 1s).empty());
    BOOST_TEST(!t.e.deadline().has_value());  // its decompressor is in use
    t.e.on_timer(start + 60s);
    BOOST_TEST(t.receive(client_frame(0x89, ""), start + 60s) == "ping() ");
    BOOST_TEST(t.receive(client_frame(last, bytes("c9 c9 07 00")), start + 61s) == "text(Hello) ");
    BOOST_REQUIRE(t.e.deadline().has_value());
    t.e.on_timer(start + 70s);
    BOOST_TEST(!t.e.deadline().has_value());
    BOOST_TEST(t.receive(hello_again, start + 71s) == "text(Hello) ");
}

BOOST_AUTO_TEST_CASE(a_deadline_that_has_passed_does_not_come_back) {
    timed t;
    BOOST_TEST(!t.e.send(message_view("Hello")));  // never written: the socket refuses
    BOOST_REQUIRE(t.e.deadline().has_value());
    t.e.on_timer(start + 10s);
    BOOST_TEST(!t.e.deadline().has_value());
    BOOST_TEST(!t.e.send(message_view("Hello")));
    BOOST_TEST(test::to_hex(test::drain_output(t.e, start + 11s)) ==
               std::string(sent_hello) + ' ' + sent_hello);
}

// The other deadlines are as before.
BOOST_AUTO_TEST_CASE(the_earliest_deadline_counts) {
    connection_options options = quiet();
    options.ping_interval = 3s;
    timed t({}, options);
    BOOST_TEST(t.receive(hello, start + 1s) == "text(Hello) ");
    BOOST_TEST((t.e.deadline() == start + 4s));
    t.e.on_timer(start + 4s);
    BOOST_TEST(test::to_hex(test::drain_output(t.e, start + 4s)) == "89 00");
    BOOST_TEST((t.e.deadline() == start + 6s));
    t.e.on_timer(start + 6s);
    BOOST_TEST((t.e.deadline() == start + 7s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
