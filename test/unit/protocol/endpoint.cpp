// The endpoint on literal bytes (RFC 6455 §5, §7): every script runs whole, byte by byte and at
// random cuts, and each time the same events and the same output come out.
#include "protocol/endpoint.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "protocol/close_payload.hpp"
#include "support/bytes.hpp"
#include "support/endpoint_script.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;
using test::bytes;
using test::cuts;

// A client's frame with a mask of zeroes, or of something.
byte_vector client_frame(unsigned first, std::span<const std::byte> payload,
                         std::string_view key = "37 fa 21 3d") {
    frame_header header;
    header.fin = (first & 0x80U) != 0;
    header.rsv1 = (first & 0x40U) != 0;
    header.rsv2 = (first & 0x20U) != 0;
    header.rsv3 = (first & 0x10U) != 0;
    header.op = static_cast<opcode>(first & 0x0FU);
    header.masked = true;
    const byte_vector key_bytes = bytes(key);
    std::copy_n(key_bytes.begin(), 4, header.key.begin());
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

struct outcome {
    std::string events;
    std::string output;  // hex
    close_info info;
};

outcome run(const byte_vector& input, cuts cut, const connection_options& options = {},
            test::reaction how = test::reaction::echo) {
    endpoint e(role::server, options, nullptr, {});
    outcome result;
    result.events = test::feed(e, input, cut, how);
    result.output = test::to_hex(test::drain_output(e));
    result.info = e.info();
    return result;
}

// The same whatever the cuts.
outcome run_all_cuts(const byte_vector& input, const connection_options& options = {}) {
    const outcome whole = run(input, cuts::whole(), options);
    std::vector<cuts> others{cuts::every(1), cuts::every(2), cuts::every(3), cuts::every(7)};
    for (unsigned seed = 1; seed <= 20; ++seed) {
        others.push_back(cuts::random(seed));
    }
    for (const cuts& cut : others) {
        const outcome other = run(input, cut, options);
        BOOST_TEST(other.events == whole.events);
        BOOST_TEST(other.output == whole.output);
        BOOST_TEST((other.info.code == whole.info.code));
        BOOST_TEST(other.info.ec == whole.info.ec);
    }
    return whole;
}

std::string close_bytes(close_code code, std::string_view reason = {}) {
    const auto payload = encode_close_payload(close_reason(code, std::string(reason)));
    byte_vector out = bytes("88");
    out.push_back(static_cast<std::byte>(payload.size));
    test::append(out, std::span(payload.bytes).first(payload.size));
    return test::to_hex(out);
}

void expect_failure(const byte_vector& input, error why, close_code code,
                    const std::string& events_before = "", const connection_options& options = {}) {
    const outcome got = run_all_cuts(input, options);
    BOOST_TEST(got.events == events_before + "closing closed ");
    BOOST_TEST(got.output.ends_with(close_bytes(code, make_error_code(why).message())));
    BOOST_TEST((got.info.code == code));
    BOOST_TEST((got.info.initiator == initiator::local));
    BOOST_TEST(!got.info.clean);
    BOOST_TEST(got.info.ec == make_error_code(why));
}

BOOST_AUTO_TEST_SUITE(endpoint_input)

// RFC 6455 §5.7.
// [6455-5.1-3, 6455-5.2-1, 6455-6.1-1, 6455-6.1-4, 6455-6.1-5, 6455-6.1-6]
BOOST_AUTO_TEST_CASE(masked_hello_is_echoed_unmasked) {
    const outcome got = run_all_cuts(bytes("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
    BOOST_TEST(got.events == "text(Hello) ");
    BOOST_TEST(got.output == "81 05 48 65 6c 6c 6f");
}

// [6455-5.4-1, 6455-5.4-3, 6455-5.4-6]
BOOST_AUTO_TEST_CASE(fragments_make_one_message) {
    const outcome got =
        run_all_cuts(client_frame(0x01, "Hel") + client_frame(0x00, "") + client_frame(0x80, "lo"));
    BOOST_TEST(got.events == "text(Hello) ");
    BOOST_TEST(got.output == "81 05 48 65 6c 6c 6f");
}

BOOST_AUTO_TEST_CASE(three_empty_fragments_make_one_empty_message) {
    const outcome got =
        run_all_cuts(client_frame(0x01, "") + client_frame(0x00, "") + client_frame(0x80, ""));
    BOOST_TEST(got.events == "text() ");
    BOOST_TEST(got.output == "81 00");
}

// [6455-5.4-5, 6455-5.4-11, 6455-6.2-2, 6455-6.2-3]
BOOST_AUTO_TEST_CASE(control_frames_interleave_with_fragments) {
    const outcome got =
        run_all_cuts(client_frame(0x02, "ab") + client_frame(0x89, "p1") + client_frame(0x8A, "u") +
                     client_frame(0x00, "c") + client_frame(0x89, "") + client_frame(0x80, "d"));
    BOOST_TEST(got.events == "ping(p1) pong(u) ping() binary(abcd) ");
    BOOST_TEST(got.output == "8a 02 70 31 8a 00 82 04 61 62 63 64");
}

BOOST_AUTO_TEST_CASE(pongs_follow_the_answers_to_earlier_messages) {
    const outcome got = run_all_cuts(client_frame(0x82, "a") + client_frame(0x89, "p"));
    BOOST_TEST(got.output == "82 01 61 8a 01 70");
}

// [6455-5.5.2-1, 6455-5.5.3-1]
BOOST_AUTO_TEST_CASE(every_ping_in_a_batch_gets_its_pong_in_order) {
    byte_vector input;
    std::string pongs;
    for (char c = '0'; c <= '9'; ++c) {
        const std::string payload = std::string("payload-") + c;
        input = input + client_frame(0x89, payload);
        pongs += "8a 09 " + test::to_hex(test::text_bytes(payload)) + ' ';
    }
    const outcome got = run_all_cuts(input);
    BOOST_TEST(got.output + ' ' == pongs);
}

BOOST_AUTO_TEST_CASE(length_boundaries) {
    for (const std::size_t size :
         {0U, 1U, 125U, 126U, 127U, 128U, 4095U, 4096U, 65535U, 65536U, 65537U, 200000U}) {
        const std::string payload(size, 'x');
        const byte_vector input = client_frame(0x82, payload);
        for (const cuts& cut : {cuts::whole(), cuts::every(1), cuts::every(1000)}) {
            const outcome got = run(input, cut);
            BOOST_TEST(got.events == "binary(" + payload + ") ");
        }
    }
}

BOOST_AUTO_TEST_CASE(large_payloads_are_read_in_place) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    std::string payload(300'000, '\0');
    for (std::size_t i = 0; i < payload.size(); ++i) {
        payload[i] = static_cast<char>(i * 7);
    }
    const byte_vector input = client_frame(0x82, payload);
    std::vector<std::byte> scratch(2048);
    std::span<const std::byte> rest(input);
    bool in_place = false;
    while (!rest.empty()) {
        const auto room = e.prepare(scratch);
        in_place = in_place || room.data() < scratch.data() ||
                   room.data() >= scratch.data() + scratch.size();
        const std::size_t n = std::min(room.size(), rest.size());
        std::ranges::copy(rest.first(n), room.begin());
        e.commit(n, {});
        rest = rest.subspan(n);
        const event got = e.next_event();
        if (got.kind == event_kind::message) {
            BOOST_TEST((test::to_text(got.payload) == payload));
            const message whole = e.take_message(got);
            BOOST_TEST((whole.text() == payload));
            BOOST_TEST(rest.empty());
        }
    }
    BOOST_TEST(in_place);
}

BOOST_AUTO_TEST_CASE(memory_follows_bytes_received_not_claimed) {
    connection_options options;
    options.max_message_size = std::size_t{1} << 40U;
    endpoint e(role::server, options, nullptr, {});
    // A header that claims 512 GiB, and ten bytes of it.
    const byte_vector input =
        bytes("82 ff 00 00 00 80 00 00 00 00 00 00 00 00") + byte_vector(10, std::byte{0x61});
    test::feed(e, input, cuts::whole());
    std::vector<std::byte> scratch(1024);
    BOOST_TEST(e.prepare(scratch).size() <= 64U * 1024U);
}

BOOST_AUTO_TEST_CASE(parked_input_is_kept_for_later) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    const byte_vector input = client_frame(0x81, "one") + client_frame(0x81, "two");
    std::vector<std::byte> scratch(1024);
    std::ranges::copy(input, e.prepare(scratch).begin());
    e.commit(input.size(), {});
    BOOST_TEST(test::to_text(e.next_event().payload) == "one");
    e.park();
    BOOST_TEST(e.has_input());
    std::ranges::fill(scratch, std::byte{0});
    BOOST_TEST(test::to_text(e.next_event().payload) == "two");
    BOOST_TEST((e.next_event().kind == event_kind::none));
}

BOOST_AUTO_TEST_CASE(a_large_parked_rest_is_read_behind) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    byte_vector input;
    for (int i = 0; i < 100; ++i) {
        input = input + client_frame(0x81, "0123456789");
    }
    std::vector<std::byte> scratch(2048);
    const std::size_t first = 1990;  // cuts the last frame
    std::ranges::copy(std::span(input).first(first > input.size() ? input.size() - 5 : first),
                      e.prepare(scratch).begin());
    const std::size_t given = std::min(first, input.size() - 5);
    e.commit(given, {});
    static_cast<void>(e.next_event());
    e.park();
    std::string events = test::run_events(e, test::reaction::silent);
    events += test::feed(e, std::span(input).subspan(given), cuts::whole(), test::reaction::silent);
    std::string expected;
    for (int i = 0; i < 99; ++i) {
        expected += "text(0123456789) ";
    }
    BOOST_TEST(events == expected);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint_violations)

// [6455-5.1-2, 6455-5.4-4, 6455-6.2-4, 6455-10.7-1]
BOOST_AUTO_TEST_CASE(frame_rules_fail_with_1002) {
    const byte_vector hello = client_frame(0x81, "Hello");
    const std::string before = "text(Hello) ";
    const auto expect = [&](const byte_vector& bad, error why) {
        expect_failure(hello + bad + client_frame(0x89, "late"), why, close_code::protocol_error,
                       before);
    };
    for (unsigned op : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        expect(client_frame(0x80U | op, ""), error::reserved_opcode);
    }
    for (unsigned rsv : {0x40U, 0x20U, 0x10U, 0x70U}) {
        expect(client_frame(0x81U | rsv, "x"), error::reserved_bits);
    }
    expect(client_frame(0x09, "p"), error::fragmented_control);
    expect(client_frame(0x89, std::string(126, 'p')), error::oversized_control);
    expect(bytes("81 05 48 65 6c 6c 6f"), error::unmasked_frame);
    expect(client_frame(0x80, "x"), error::unexpected_continuation);
    expect(client_frame(0x00, "x"), error::unexpected_continuation);
    expect(bytes("82 fe 00 7d 00 00 00 00"), error::non_minimal_length);
    expect(bytes("82 ff 00 00 00 00 00 00 ff ff 00 00 00 00"), error::non_minimal_length);
    expect(bytes("82 ff 80 00 00 00 00 00 00 00 00 00 00 00"), error::length_overflow);
    expect(client_frame(0x01, "a") + client_frame(0x81, "b"), error::expected_continuation);
}

// RFC 6455 §7.1.7: "An endpoint MUST NOT continue to attempt to process data (including a
// responding Close frame) from the remote endpoint after being instructed to _Fail the WebSocket
// Connection_." [6455-7.1.7-3]
BOOST_AUTO_TEST_CASE(nothing_after_a_violation_is_looked_at) {
    const byte_vector late =
        client_frame(0x81, "late") + client_frame(0x89, "late") + client_frame(0x88, "\x03\xe8");
    expect_failure(client_frame(0x81, "\xff") + late, error::invalid_utf8, close_code::bad_payload);
    expect_failure(client_frame(0x01, "a") + client_frame(0x80, "\xce") + late, error::invalid_utf8,
                   close_code::bad_payload);
    expect_failure(client_frame(0x88, "x") + late, error::bad_close_payload,
                   close_code::protocol_error);
    expect_failure(client_frame(0x83, "") + late, error::reserved_opcode,
                   close_code::protocol_error);
    expect_failure(client_frame(0x80, "") + late, error::unexpected_continuation,
                   close_code::protocol_error);
}

BOOST_AUTO_TEST_CASE(judged_before_the_payload) {
    expect_failure(bytes("83 ff"), error::reserved_opcode, close_code::protocol_error);
    expect_failure(bytes("89 fe"), error::oversized_control, close_code::protocol_error);
}

// [6455-10.4-1]
BOOST_AUTO_TEST_CASE(too_big_is_known_at_the_header) {
    connection_options options;
    options.max_message_size = 100;
    expect_failure(bytes("82 e5 00 00 00 00"), error::message_too_big, close_code::too_big, "",
                   options);
    expect_failure(client_frame(0x02, std::string(60, 'a')) + bytes("00 a9 00 00 00 00"),
                   error::message_too_big, close_code::too_big, "", options);
    const outcome fits = run_all_cuts(
        client_frame(0x02, std::string(60, 'a')) + client_frame(0x80, std::string(40, 'a')),
        options);
    BOOST_TEST(fits.events == "binary(" + std::string(100, 'a') + ") ");
}

// [6455-10.4-1]
BOOST_AUTO_TEST_CASE(too_many_fragments_empty_ones_counted) {
    connection_options options;
    options.max_fragments = 3;
    const byte_vector three =
        client_frame(0x01, "a") + client_frame(0x00, "") + client_frame(0x00, "");
    expect_failure(three + client_frame(0x80, ""), error::too_many_fragments,
                   close_code::policy_error, "", options);
    const outcome fits = run_all_cuts(
        client_frame(0x01, "a") + client_frame(0x00, "") + client_frame(0x80, ""), options);
    BOOST_TEST(fits.events == "text(a) ");
}

// [6455-8.1-1]
BOOST_AUTO_TEST_CASE(utf8_fails_at_the_first_impossible_byte) {
    // κόσμε, then U+D800: the second byte of ED A0 cannot be; what follows is never sent.
    const std::string good = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    byte_vector frame = client_frame(0x81, good + "\xed\xa0\x80 and so on");
    frame.resize(6 + good.size() + 2);
    expect_failure(frame, error::invalid_utf8, close_code::bad_payload);
    // In a fragment, with the code point cut by the boundary.
    byte_vector second = client_frame(0x00, "\xa0 never");
    second.resize(6 + 1);
    expect_failure(client_frame(0x01, good + "\xed") + second, error::invalid_utf8,
                   close_code::bad_payload);
}

// [6455-5.6-1]
BOOST_AUTO_TEST_CASE(text_must_end_between_code_points) {
    expect_failure(client_frame(0x81, "\xce"), error::invalid_utf8, close_code::bad_payload);
    expect_failure(client_frame(0x01, "a") + client_frame(0x80, "\xe2\x82"), error::invalid_utf8,
                   close_code::bad_payload);
    const outcome cut_inside = run_all_cuts(
        client_frame(0x01, "\xe2") + client_frame(0x00, "\x82") + client_frame(0x80, "\xac"));
    BOOST_TEST(cut_inside.events == "text(\xe2\x82\xac) ");
    const outcome binary = run_all_cuts(client_frame(0x82, "\xce"));
    BOOST_TEST(binary.events == "binary(\xce) ");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint_closing)

// [6455-5.5.1-5]
BOOST_AUTO_TEST_CASE(close_is_answered_with_its_code) {
    for (const unsigned code : {1000U, 1001U, 1007U, 1011U, 1014U, 3000U, 4999U}) {
        std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
        const outcome got = run_all_cuts(client_frame(0x88, payload + "bye"));
        BOOST_TEST(got.events == "closing closed ");
        BOOST_TEST(got.output == close_bytes(static_cast<close_code>(code)));
        BOOST_TEST((got.info.code == static_cast<close_code>(code)));
        BOOST_TEST(got.info.reason == "bye");
        BOOST_TEST((got.info.initiator == initiator::peer));
        BOOST_TEST(got.info.clean);
        BOOST_TEST(!got.info.ec);
    }
}

BOOST_AUTO_TEST_CASE(empty_close_is_answered_with_an_empty_one) {
    const outcome got = run_all_cuts(client_frame(0x88, ""));
    BOOST_TEST(got.output == "88 00");
    BOOST_TEST((got.info.code == close_code::no_status));
    BOOST_TEST(got.info.clean);
}

// [6455-5.5.1-1, 6455-8.1-1]
BOOST_AUTO_TEST_CASE(bad_close_payloads) {
    expect_failure(client_frame(0x88, "x"), error::bad_close_payload, close_code::protocol_error);
    expect_failure(client_frame(0x88, "\x03\xe7"), error::bad_close_code,
                   close_code::protocol_error);
    expect_failure(client_frame(0x88, "\x03\xe8\xff"), error::invalid_utf8,
                   close_code::bad_payload);
}

BOOST_AUTO_TEST_CASE(nothing_after_the_close_counts) {
    const outcome got = run_all_cuts(client_frame(0x81, "last") + client_frame(0x88, "\x03\xe8") +
                                     client_frame(0x89, "ping") + client_frame(0x83, ""));
    BOOST_TEST(got.events == "text(last) closing closed ");
    BOOST_TEST(got.output == "81 04 6c 61 73 74 88 02 03 e8");
}

// DESIGN §3.4: the event `closing` comes first, and what is sent on it precedes our Close.
BOOST_AUTO_TEST_CASE(what_is_sent_on_closing_precedes_the_close) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    std::vector<std::byte> scratch(1024);
    const byte_vector input = client_frame(0x88, "\x03\xe8");
    std::ranges::copy(input, e.prepare(scratch).begin());
    e.commit(input.size(), {});
    BOOST_TEST((e.next_event().kind == event_kind::closing));
    BOOST_TEST(!e.send(message_view("more")));
    BOOST_TEST((e.next_event().kind == event_kind::closed));
    BOOST_TEST(e.send(message_view("too late")) == make_error_code(error::closed));
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "81 04 6d 6f 72 65 88 02 03 e8");
    BOOST_TEST((e.next_event().kind == event_kind::none));
}

// [6455-5.5.1-4, 6455-6.1-2, 6455-7.1.2-1]
BOOST_AUTO_TEST_CASE(local_close_waits_for_the_peers) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    BOOST_TEST(!e.send(message_view("a")));
    e.close(close_reason(close_code::going_away, "bye"));
    BOOST_TEST(e.send(message_view("b")) == make_error_code(error::closed));
    BOOST_TEST(e.ping({}) == make_error_code(error::closed));
    e.close(close_reason(close_code::normal));
    BOOST_TEST(test::to_hex(test::drain_output(e)) ==
               "81 01 61 " + close_bytes(close_code::going_away, "bye"));
    // Data that crosses our Close is checked and discarded, a ping gets no pong any more.
    const byte_vector input = client_frame(0x81, "crossing") + client_frame(0x01, "frag") +
                              client_frame(0x89, "p") + client_frame(0x80, "ment") +
                              client_frame(0x88, "\x03\xe9");
    BOOST_TEST(test::feed(e, input, cuts::whole()) == "ping(p) closed ");
    BOOST_TEST(e.output_size() == 0U);
    BOOST_TEST(e.info().clean);
    BOOST_TEST((e.info().initiator == initiator::local));
    BOOST_TEST((e.info().code == close_code::going_away));
}

BOOST_AUTO_TEST_CASE(a_violation_after_our_close_ends_unclean) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    e.close(close_reason());
    test::drain_output(e);
    BOOST_TEST(test::feed(e, client_frame(0x8F, ""), cuts::whole()) == "closed ");
    BOOST_TEST(e.output_size() == 0U);
    BOOST_TEST(!e.info().clean);
    BOOST_TEST(e.info().ec == make_error_code(error::reserved_opcode));
}

BOOST_AUTO_TEST_CASE(end_of_input_without_close_is_1006) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    BOOST_TEST(test::feed(e, client_frame(0x81, "a"), cuts::whole()) == "text(a) ");
    e.commit_eof();
    BOOST_TEST(test::run_events(e, test::reaction::echo) == "closing closed ");
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "81 01 61");  // no Close is made up
    BOOST_TEST((e.info().code == close_code::abnormal));
    BOOST_TEST((e.info().initiator == initiator::peer));
    BOOST_TEST(e.info().ec == make_error_code(error::unclean_close));
    BOOST_TEST(!e.info().clean);
}

BOOST_AUTO_TEST_CASE(end_of_input_after_a_clean_close_changes_nothing) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    test::feed(e, client_frame(0x88, "\x03\xe8"), cuts::whole());
    const close_info before = e.info();
    e.commit_eof();
    BOOST_TEST(test::run_events(e, test::reaction::echo).empty());
    BOOST_TEST(e.info().clean);
    BOOST_TEST(e.info().ec == before.ec);
}

// [6455-5.5-1]
BOOST_AUTO_TEST_CASE(oversized_ping_is_refused) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    const byte_vector payload(126);
    BOOST_TEST(e.ping(payload) == make_error_code(error::bad_argument));
    BOOST_TEST(!e.ping(std::span(payload).first(125)));
    BOOST_TEST(test::drain_output(e).size() == 127U);
}

// DESIGN §3.3: only while the socket refuses writes does a newer pong replace a waiting one.
BOOST_AUTO_TEST_CASE(at_most_one_pong_waits_while_writes_are_refused) {
    const connection_options options;
    endpoint e(role::server, options, nullptr, {});
    BOOST_TEST(!e.send(message_view("abc")));
    e.consume_output(2, {});  // partly written
    e.set_write_blocked(true);
    BOOST_TEST(!e.send(message_view("def")));
    for (const char* payload : {"1", "2", "3"}) {
        test::feed(e, client_frame(0x89, payload), cuts::whole());
    }
    e.close(close_reason());
    test::feed(e, client_frame(0x89, "4"), cuts::whole());
    BOOST_TEST(test::to_hex(test::drain_output(e)) ==
               "61 62 63 81 03 64 65 66 8a 01 33 88 02 03 e8");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint_as_client)

// [6455-5.1-1, 6455-5.3-1, 6455-5.3-2, 6455-6.1-7, 6455-10.3-1]
BOOST_AUTO_TEST_CASE(masks_what_it_sends) {
    const connection_options options;
    test::counting_keys keys;
    endpoint e(role::client, options, &keys, {});
    BOOST_TEST(!e.send(message_view("abcde")));
    BOOST_TEST(!e.send(message("fg")));
    BOOST_TEST(test::to_hex(test::drain_output(e)) ==
               "81 85 00 00 00 01 61 62 63 65 65 81 82 00 00 00 02 66 67");
}

// [6455-5.1-1, 6455-5.5.1-3]
BOOST_AUTO_TEST_CASE(masks_its_control_frames_too) {
    const connection_options options;
    test::counting_keys keys;
    endpoint e(role::client, options, &keys, {});
    BOOST_TEST(!e.ping(test::text_bytes("abcd")));
    test::feed(e, bytes("89 04 61 62 63 64"), cuts::whole());
    e.close(close_reason());
    BOOST_TEST(test::to_hex(test::drain_output(e)) ==
               "89 84 00 00 00 01 61 62 63 65 8a 84 00 00 00 02 61 62 63 66 "
               "88 82 00 00 00 03 03 e8");
}

// RFC 6455 §10.3: "once the transmission of a frame from a client has begun, the payload … of that
// frame must not be capable of being modified by the application". [6455-10.3-2]
BOOST_AUTO_TEST_CASE(what_is_queued_is_out_of_the_applications_hands) {
    const connection_options options;
    for (const std::size_t size : {5U, 100'000U}) {
        test::counting_keys keys;
        endpoint e(role::client, options, &keys, {});
        std::string lent(size, 'a');
        BOOST_TEST(!e.send(message_view(std::string_view(lent))));
        e.consume_output(1, {});  // it has begun
        std::ranges::fill(lent, 'b');
        const byte_vector out = test::drain_output(e);
        const std::size_t head = size == 5 ? 5 : 13;
        BOOST_REQUIRE(out.size() == head + size);
        bool unchanged = true;
        for (std::size_t i = 0; i < size; ++i) {
            unchanged = unchanged && out[head + i] == (std::byte{'a'} ^ std::byte{i % 4 == 3});
        }
        BOOST_TEST(unchanged);
    }
}

// [6455-5.1-1, 6455-6.1-7]
BOOST_AUTO_TEST_CASE(masks_a_large_payload_that_is_handed_over) {
    const connection_options options;
    test::counting_keys keys;
    endpoint e(role::client, options, &keys, {});
    BOOST_TEST(!e.send(message(message_kind::binary, std::string(100'000, 'a'))));
    const byte_vector out = test::drain_output(e);
    BOOST_TEST(out.size() == 100'000U + 14U);
    BOOST_TEST((out[14] == std::byte{'a'}));
    BOOST_TEST((out[17] == (std::byte{'a'} ^ std::byte{1})));
}

// [6455-5.1-4]
BOOST_AUTO_TEST_CASE(refuses_masked_frames) {
    const connection_options options;
    test::counting_keys keys;
    endpoint e(role::client, options, &keys, {});
    BOOST_TEST(test::feed(e, bytes("81 02 68 69"), cuts::every(1), test::reaction::silent) ==
               "text(hi) ");
    BOOST_TEST(test::feed(e, client_frame(0x81, "x"), cuts::every(1)) == "closing closed ");
    BOOST_TEST(e.info().ec == make_error_code(error::masked_frame));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
