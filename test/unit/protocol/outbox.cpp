// The outbox: frames leave in their order, whatever their sizes and however they are written.
#include "protocol/outbox.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "support/bytes.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;

frame_header header_for(opcode op, std::size_t size) { return {.op = op, .payload_length = size}; }

byte_vector wire(opcode op, std::string_view payload) {
    byte_vector out(max_frame_header_size);
    out.resize(encode_frame_header(header_for(op, payload.size()), out));
    test::append(out, std::as_bytes(std::span(payload)));
    return out;
}

// Writes up to `n` bytes; what a socket would have taken.
byte_vector take(outbox& box, std::size_t n) {
    byte_vector out;
    while (n > 0 && !box.empty()) {
        std::array<std::span<const std::byte>, 2> views;
        const std::size_t count = box.gather(views);
        std::size_t taken = 0;
        for (std::size_t i = 0; i < count && n > 0; ++i) {
            const auto part = views[i].first(std::min(n, views[i].size()));
            test::append(out, part);
            taken += part.size();
            n -= part.size();
        }
        box.consume(taken);
    }
    return out;
}

byte_vector take_all(outbox& box) { return take(box, static_cast<std::size_t>(-1)); }

void add_text(outbox& box, std::string_view payload) {
    box.append(header_for(opcode::text, payload.size()), std::as_bytes(std::span(payload)));
}

void add_pong(outbox& box, std::string_view payload) {
    box.append_urgent_pong(header_for(opcode::pong, payload.size()),
                           std::as_bytes(std::span(payload)));
}

BOOST_AUTO_TEST_SUITE(outbox_order)

BOOST_AUTO_TEST_CASE(frames_leave_in_order_under_random_writes) {
    std::minstd_rand random(5);
    for (int round = 0; round < 50; ++round) {
        outbox box;
        byte_vector expected;
        byte_vector written;
        for (int i = 0; i < 60; ++i) {
            const std::size_t size =
                std::array<std::size_t, 5>{0, 20, 4095, 4096, 100'000}[random() % 5];
            std::string payload(size, static_cast<char>('a' + i % 26));
            test::append(expected, wire(opcode::binary, payload));
            const frame_header header = header_for(opcode::binary, size);
            if (random() % 2 == 0) {
                box.append(header, std::move(payload));
            } else {
                box.append(header, std::as_bytes(std::span(payload)));
            }
            if (random() % 3 == 0) {
                test::append(written, take(box, random() % 150'000));
            }
            BOOST_REQUIRE(box.size() == expected.size() - written.size());
        }
        test::append(written, take_all(box));
        BOOST_TEST((written == expected));
        BOOST_TEST(box.empty());
    }
}

BOOST_AUTO_TEST_CASE(small_frames_share_one_view) {
    outbox box;
    for (int i = 0; i < 16; ++i) {
        add_text(box, "01234567890123456789");
    }
    std::array<std::span<const std::byte>, 4> views;
    BOOST_TEST(box.gather(views) == 1U);
    BOOST_TEST(views[0].size() == 16U * 22U);
}

BOOST_AUTO_TEST_CASE(a_large_payload_is_gathered_not_copied) {
    outbox box;
    std::string payload(1'000'000, 'x');
    const char* const memory = payload.data();
    box.append(header_for(opcode::binary, payload.size()), std::move(payload));
    std::array<std::span<const std::byte>, 4> views;
    BOOST_TEST(box.gather(views) == 2U);
    BOOST_TEST(views[0].size() == 10U);
    BOOST_TEST((views[1].data() == reinterpret_cast<const std::byte*>(memory)));
}

BOOST_AUTO_TEST_CASE(a_lent_payload_is_sent_from_where_it_is) {
    outbox box;
    const std::string payload(100'000, 'x');
    box.append_lent(header_for(opcode::binary, payload.size()), std::as_bytes(std::span(payload)));
    std::array<std::span<const std::byte>, 4> views;
    BOOST_TEST(box.gather(views) == 2U);
    BOOST_TEST((views[1].data() == std::as_bytes(std::span(payload)).data()));
    box.consume(box.size());
    box.own_lent();
    BOOST_TEST(box.empty());
}

BOOST_AUTO_TEST_CASE(what_is_left_of_a_lent_payload_becomes_the_outboxes_own) {
    const byte_vector first = wire(opcode::text, "first");
    const byte_vector middle = wire(opcode::binary, "0123456789");
    const byte_vector last = wire(opcode::text, "last");
    byte_vector all = first;
    all.insert(all.end(), middle.begin(), middle.end());
    all.insert(all.end(), last.begin(), last.end());
    for (std::size_t written = 0; written <= first.size() + middle.size(); ++written) {
        outbox box;
        std::string payload = "0123456789";
        add_text(box, "first");
        box.append_lent(header_for(opcode::binary, payload.size()),
                        std::as_bytes(std::span(payload)));
        box.consume(written);
        box.own_lent();
        payload.assign(payload.size(), '!');
        add_text(box, "last");
        BOOST_TEST(box.size() == all.size() - written);
        const byte_vector rest(all.begin() + static_cast<std::ptrdiff_t>(written), all.end());
        BOOST_TEST((take_all(box) == rest), "after " << written);
    }
}

BOOST_AUTO_TEST_CASE(memory_goes_from_one_outbox_to_the_next) {
    std::unique_ptr<outbox::memory> shared;
    const std::byte* memory = nullptr;
    for (int i = 0; i < 3; ++i) {
        outbox box;
        box.borrow(shared);
        add_text(box, "hello");
        std::array<std::span<const std::byte>, 1> views;
        BOOST_REQUIRE(box.gather(views) == 1U);
        BOOST_TEST((memory == nullptr || views[0].data() == memory));
        memory = views[0].data();
        take_all(box);
        box.give_back(shared);
    }
}

BOOST_AUTO_TEST_CASE(memory_stays_with_an_outbox_that_is_not_empty) {
    std::unique_ptr<outbox::memory> shared;
    outbox box;
    box.borrow(shared);
    add_text(box, "hello");
    box.give_back(shared);
    outbox other;
    other.borrow(shared);
    add_text(other, "other");
    BOOST_TEST((take_all(box) == wire(opcode::text, "hello")));
    BOOST_TEST((take_all(other) == wire(opcode::text, "other")));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(outbox_pongs)

BOOST_AUTO_TEST_CASE(an_urgent_pong_overtakes_what_has_not_begun) {
    outbox box;
    add_text(box, "first");
    byte_vector out = take(box, 3);
    box.append(header_for(opcode::text, 5000), std::string(5000, 'y'));
    add_text(box, "third");
    add_pong(box, "1");
    add_pong(box, "22");  // replaces it
    test::append(out, take_all(box));
    byte_vector expected = wire(opcode::text, "first");
    test::append(expected, wire(opcode::text, std::string(5000, 'y')));
    byte_vector overtaken = wire(opcode::text, "third");
    byte_vector pong = wire(opcode::pong, "22");
    // "first" and the header of the large frame share the segment that has begun.
    test::append(expected, pong);
    test::append(expected, overtaken);
    BOOST_TEST((out == expected));
}

BOOST_AUTO_TEST_CASE(between_frames_an_urgent_pong_goes_first) {
    outbox box;
    add_text(box, "waiting");
    add_pong(box, "p");
    byte_vector expected = wire(opcode::pong, "p");
    test::append(expected, wire(opcode::text, "waiting"));
    BOOST_TEST((take_all(box) == expected));
}

BOOST_AUTO_TEST_CASE(a_pong_that_has_begun_is_not_replaced) {
    outbox box;
    add_pong(box, "one");
    byte_vector out = take(box, 1);
    add_pong(box, "two");
    add_pong(box, "three");
    test::append(out, take_all(box));
    byte_vector expected = wire(opcode::pong, "one");
    test::append(expected, wire(opcode::pong, "three"));
    BOOST_TEST((out == expected));
}

BOOST_AUTO_TEST_CASE(any_number_of_pings_leaves_one_waiting_pong) {
    outbox box;
    add_text(box, "stuck");
    const std::size_t before = box.size();
    for (int i = 0; i < 10'000; ++i) {
        add_pong(box, "payload");
    }
    BOOST_TEST(box.size() == before + 9U);
}

BOOST_AUTO_TEST_CASE(frames_after_a_waiting_pong_do_not_join_it) {
    outbox box;
    add_pong(box, "p");
    add_text(box, "later");
    add_pong(box, "q");
    byte_vector expected = wire(opcode::pong, "q");
    test::append(expected, wire(opcode::text, "later"));
    BOOST_TEST((take_all(box) == expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
