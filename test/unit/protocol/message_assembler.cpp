// Fragments to messages (RFC 6455 §5.4), their limits, and reading in place.
#include "protocol/message_assembler.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/deflate.hpp"

namespace websock::protocol {
namespace {

frame_header data(opcode op, bool fin, std::uint64_t size) {
    return {.fin = fin, .op = op, .payload_length = size};
}

const auto no_mask = [](auto) { return false; };

BOOST_AUTO_TEST_SUITE(message_assembling)

BOOST_AUTO_TEST_CASE(order_of_fragments) {
    const connection_options limits;
    message_assembler a(limits);
    BOOST_TEST(a.begin_frame(data(opcode::continuation, true, 0)) ==
               make_error_code(error::unexpected_continuation));
    BOOST_TEST(!a.begin_frame(data(opcode::text, false, 0)));
    BOOST_TEST(a.under_way());
    BOOST_TEST(a.begin_frame(data(opcode::binary, true, 0)) ==
               make_error_code(error::expected_continuation));
    BOOST_TEST(!a.begin_frame(data(opcode::continuation, true, 0)));
    BOOST_TEST(!a.end_frame(true));
    BOOST_TEST(!a.under_way());
}

BOOST_AUTO_TEST_CASE(sizes_are_summed_without_overflow) {
    connection_options limits;
    limits.max_message_size = 10;
    message_assembler a(limits);
    BOOST_TEST(!a.begin_frame(data(opcode::binary, false, 10)));
    BOOST_TEST(a.begin_frame(data(opcode::continuation, true, 1)) ==
               make_error_code(error::message_too_big));
    BOOST_TEST(a.begin_frame(data(opcode::continuation, true, ~std::uint64_t{0} >> 1U)) ==
               make_error_code(error::message_too_big));
    BOOST_TEST(!a.begin_frame(data(opcode::continuation, true, 0)));
}

// How often a message moves while it grows: each time it is copied.
template <class Grow>
int count_moves(message_assembler& a, int steps, Grow grow) {
    const std::byte* at = nullptr;
    int moves = 0;
    for (int i = 0; i < steps; ++i) {
        grow();
        moves += a.payload().data() != at ? 1 : 0;
        at = a.payload().data();
    }
    return moves;
}

BOOST_AUTO_TEST_CASE(a_large_message_moves_a_few_times) {
    constexpr std::size_t size = 64 * 1024 * 1024;
    connection_options limits;
    limits.max_message_size = size;
    message_assembler a(limits);
    BOOST_REQUIRE(!a.begin_frame(data(opcode::binary, true, size)));
    std::size_t received = 0;
    const int moves = count_moves(a, 1000, [&a, &received] {
        if (received < size) {
            const std::size_t n = a.prepare(size - received).size();
            BOOST_REQUIRE(!a.commit(n, no_mask));
            received += n;
        }
    });
    BOOST_TEST(received == size);
    BOOST_TEST(moves <= 8);
}

BOOST_AUTO_TEST_CASE(a_message_of_many_fragments_moves_a_few_times) {
    connection_options limits;
    message_assembler a(limits);
    const std::vector<std::byte> fragment(256);
    bool first = true;
    const int moves = count_moves(a, 4096, [&] {
        BOOST_REQUIRE(!a.begin_frame(
            data(std::exchange(first, false) ? opcode::binary : opcode::continuation, false, 256)));
        BOOST_REQUIRE(!a.append(fragment));
        BOOST_REQUIRE(!a.end_frame(false));
    });
    BOOST_TEST(a.payload().size() == 1024U * 1024);
    BOOST_TEST(moves <= 16);
}

BOOST_AUTO_TEST_CASE(room_grows_with_what_was_received) {
    const connection_options limits;
    message_assembler a(limits);
    constexpr std::size_t size = 1'000'000;
    BOOST_REQUIRE(!a.begin_frame(data(opcode::binary, true, size)));
    std::size_t received = 0;
    while (received < size) {
        const auto room = a.prepare(size - received);
        BOOST_REQUIRE(!room.empty());
        BOOST_REQUIRE(room.size() <= std::max<std::size_t>(64 * 1024, received));
        const std::size_t n = std::min<std::size_t>(room.size(), 10'000);
        for (std::size_t i = 0; i < n; ++i) {
            room[i] = static_cast<std::byte>(received + i);
        }
        BOOST_REQUIRE(!a.commit(n, no_mask));
        received += n;
    }
    BOOST_TEST(!a.end_frame(true));
    BOOST_TEST(a.payload().size() == size);
    bool same = true;
    for (std::size_t i = 0; i < size; ++i) {
        same = same && a.payload()[i] == static_cast<std::byte>(i);
    }
    BOOST_TEST(same);
    BOOST_TEST(a.take().size() == size);
    BOOST_TEST(a.payload().empty());
}

BOOST_AUTO_TEST_CASE(appending_and_reading_in_place_mix) {
    const connection_options limits;
    message_assembler a(limits);
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 9)));
    BOOST_TEST(!a.append(test::text_bytes("abc")));
    const auto room = a.prepare(6);
    BOOST_REQUIRE(room.size() == 6U);
    std::ranges::copy(test::text_bytes("def"), room.begin());
    BOOST_TEST(!a.commit(3, no_mask));
    BOOST_TEST(!a.append(test::text_bytes("ghi")));
    BOOST_TEST(!a.end_frame(true));
    BOOST_TEST(test::to_text(a.payload()) == "abcdefghi");
}

BOOST_AUTO_TEST_CASE(text_is_validated_wherever_it_comes_in) {
    const connection_options limits;
    message_assembler a(limits);
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 9)));
    BOOST_TEST(a.append(test::bytes("61 ff")) == make_error_code(error::invalid_utf8));
    a.reset();
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 2)));
    a.prepare(2)[0] = std::byte{0xC0};
    BOOST_TEST(a.commit(1, no_mask) == make_error_code(error::invalid_utf8));
    a.reset();
    BOOST_REQUIRE(!a.begin_frame(data(opcode::binary, true, 1)));
    BOOST_TEST(!a.append(test::bytes("ff")));
    BOOST_TEST(!a.end_frame(true));
}

// That a part is ASCII says nothing about what came before it.
BOOST_AUTO_TEST_CASE(ascii_in_the_middle_of_a_code_point_is_invalid) {
    const connection_options limits;
    const auto ascii = [](auto) { return true; };
    message_assembler a(limits);
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 4)));
    a.prepare(4)[0] = std::byte{'a'};
    BOOST_TEST(!a.commit(1, ascii));
    a.prepare(3)[0] = std::byte{0xC3};
    BOOST_TEST(!a.commit(1, no_mask));
    a.prepare(2)[0] = std::byte{'b'};
    BOOST_TEST(a.commit(1, ascii) == make_error_code(error::invalid_utf8));
}

BOOST_AUTO_TEST_CASE(a_whole_message_is_not_copied) {
    const connection_options limits;
    message_assembler a(limits);
    const auto text = test::text_bytes("abc");
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 3)));
    std::span<const std::byte> payload(text);
    BOOST_TEST(!a.take_whole(payload));
    BOOST_TEST(payload.data() == text.data());
    BOOST_TEST(!a.holds_payload());
    BOOST_TEST(!a.under_way());
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 1)));
    const auto bad = test::bytes("ce");
    payload = bad;
    BOOST_TEST(a.take_whole(payload) == make_error_code(error::invalid_utf8));
}

BOOST_AUTO_TEST_SUITE_END()

// Compressed messages.
struct inflating {
    explicit inflating(std::size_t max_message_size, const deflate_params& agreed = {})
        : extension(agreed, limits.deflate, role::server, test::test_codecs) {
        limits.max_message_size = max_message_size;
        a.enable_deflate(extension);
    }

    error_code begin(opcode op, bool fin, std::size_t size) {
        frame_header header = data(op, fin, size);
        header.rsv1 = op != opcode::continuation;
        return a.begin_frame(header);
    }

    // The only frame of a message, at once.
    error_code whole(opcode op, std::span<const std::byte> payload) {
        if (const error_code ec = begin(op, true, payload.size()); ec) {
            return ec;
        }
        const error_code ec = a.take_whole(payload);
        got = ec ? std::string() : test::to_text(payload);
        note_memory();
        a.reset();
        return ec;
    }

    // In frames of so many bytes, each taken in steps of so many.
    error_code fragmented(opcode op, std::span<const std::byte> payload, std::size_t frame,
                          std::size_t step) {
        bool fin = false;
        for (opcode kind = op; !fin; kind = opcode::continuation) {
            auto rest = payload.first(std::min(frame, payload.size()));
            payload = payload.subspan(rest.size());
            fin = payload.empty();
            error_code ec = begin(kind, fin, rest.size());
            while (!ec && !rest.empty()) {
                const auto piece = rest.first(std::min(step, rest.size()));
                rest = rest.subspan(piece.size());
                ec = a.append(piece);
                note_memory();
            }
            ec = ec ? ec : a.end_frame(fin);
            note_memory();
            if (ec) {
                return ec;
            }
        }
        got = test::to_text(a.payload());
        a.reset();
        return {};
    }

    void note_memory() {
        most_held = std::max(most_held, a.payload().size());
        // What can be received in place lies in the string: its room is no larger than the limit.
        BOOST_TEST(a.payload().size() <= limits.max_message_size);
    }

    connection_options limits;
    deflate_extension extension;
    message_assembler a{limits};
    std::string got;
    std::size_t most_held = 0;
};

constexpr std::size_t kib = 1024;

BOOST_AUTO_TEST_SUITE(message_inflating)

// [7692-6.2-1]
BOOST_AUTO_TEST_CASE(whole_or_in_pieces) {
    for (const std::size_t size : {1 * kib, 63 * kib, 64 * kib, 64 * kib + 1, 200 * kib}) {
        for (const std::string& text : {test::records(size), test::noise(size)}) {
            const auto payload = test::compressed(text);
            inflating at(1024 * kib);
            BOOST_TEST(!at.whole(opcode::binary, payload));
            BOOST_TEST((at.got == text));
            for (const std::size_t step : {100U, 4096U, 1'000'000U}) {
                inflating other(1024 * kib);
                BOOST_TEST(!other.fragmented(opcode::binary, payload, 5000, step));
                BOOST_TEST((other.got == text));
                BOOST_TEST(!other.a.under_way());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_fits_the_threads_room_is_not_copied) {
    inflating at(1024 * kib);
    const auto small = test::compressed(test::records(60 * kib));
    std::span<const std::byte> payload(small);
    BOOST_REQUIRE(!at.begin(opcode::text, true, payload.size()));
    BOOST_TEST(!at.a.take_whole(payload));
    BOOST_TEST(payload.data() == test::test_codecs().inflate_room().data());
    BOOST_TEST(!at.a.holds_payload());
    const auto large = test::compressed(test::records(65 * kib));
    payload = large;
    BOOST_REQUIRE(!at.begin(opcode::text, true, payload.size()));
    BOOST_TEST(!at.a.take_whole(payload));
    BOOST_TEST(at.a.holds_payload());
    BOOST_TEST(payload.data() == at.a.payload().data());
    BOOST_TEST((at.a.take() == test::records(65 * kib)));
}

// [6455-10.4-1]
BOOST_AUTO_TEST_CASE(the_limit_to_the_byte) {
    for (const std::size_t limit : {std::size_t{1}, 100 * std::size_t{1}, 64 * kib - 1, 64 * kib,
                                    64 * kib + 1, 100 * kib, 128 * kib, 150 * kib}) {
        for (const bool noisy : {false, true}) {
            const auto make = [&](std::size_t size) {
                return test::compressed(noisy ? test::noise(size) : std::string(size, 'x'));
            };
            const auto fits = make(limit);
            const auto over = make(limit + 1);
            const auto too_big = make_error_code(error::message_too_big);
            inflating at(limit);
            for (int i = 0; i < 2; ++i) {
                BOOST_TEST(!at.whole(opcode::binary, fits));
                BOOST_TEST(at.got.size() == limit);
                BOOST_TEST(!at.fragmented(opcode::binary, fits, 1000, 300));
                BOOST_TEST(at.got.size() == limit);
            }
            BOOST_TEST(at.whole(opcode::binary, over) == too_big);
            inflating pieces(limit);
            BOOST_TEST(pieces.fragmented(opcode::binary, over, 1000, 300) == too_big);
            inflating octets(limit);
            BOOST_TEST(octets.fragmented(opcode::binary, over, 50'000, noisy ? 1000 : 1) ==
                       too_big);
        }
    }
}

// 64 MiB of zeroes in 65 KiB. The peer's bytes after the limit has been met are not looked at.
// [6455-10.4-1]
BOOST_AUTO_TEST_CASE(a_bomb_is_stopped_while_it_is_decompressed) {
    const auto bomb = test::compressed(std::string(64 * 1024 * kib, '\0'), {.level = 9});
    BOOST_REQUIRE(bomb.size() < 70 * kib);
    for (const std::size_t limit : {100 * std::size_t{1}, 100 * kib, 1024 * kib}) {
        inflating whole(limit);
        BOOST_TEST(whole.whole(opcode::binary, bomb) == make_error_code(error::message_too_big));
        BOOST_TEST(whole.most_held <= limit);
        inflating pieces(limit);
        BOOST_TEST(pieces.fragmented(opcode::binary, bomb, 1000, 100) ==
                   make_error_code(error::message_too_big));
        BOOST_TEST(pieces.most_held <= limit);
        if (limit >= kib) {
            BOOST_TEST(pieces.most_held > limit / 4);
        }
    }
}

// Memory grows as the message does, by halves of the limit.
BOOST_AUTO_TEST_CASE(capacity_never_exceeds_the_limit) {
    const std::size_t limit = 1'000'000;
    for (const std::size_t size : {70'000U, 130'000U, 300'000U, 600'000U, 1'000'000U}) {
        inflating at(limit);
        const auto payload = test::compressed(test::records(size));
        std::span<const std::byte> rest(payload);
        BOOST_REQUIRE(!at.begin(opcode::binary, true, payload.size()));
        BOOST_REQUIRE(!at.a.take_whole(rest));
        const std::string message = at.a.take();
        BOOST_TEST(message.size() == size);
        BOOST_TEST(message.capacity() <= limit);
        BOOST_TEST((message.capacity() < 2 * size || size < 64 * kib));
    }
}

// What a header claims is judged before any of it is here; compressed data may be larger than the
// message.
// [6455-10.4-1]
BOOST_AUTO_TEST_CASE(claimed_lengths) {
    const auto too_big = make_error_code(error::message_too_big);
    inflating at(8000);
    BOOST_TEST(!at.begin(opcode::binary, false, 2 * 8000 + 64 * 1024 + 16));
    BOOST_TEST(at.begin(opcode::continuation, true, 17) == too_big);
    BOOST_TEST(at.begin(opcode::continuation, true, ~std::uint64_t{0} >> 1U) == too_big);
    BOOST_TEST(!at.begin(opcode::continuation, true, 0));
    inflating other(8000);
    BOOST_TEST(other.begin(opcode::binary, true, 2 * 8000 + 64 * 1024 + 17) == too_big);
    inflating plain(8000);
    BOOST_TEST(plain.a.begin_frame(data(opcode::binary, true, 8001)) == too_big);
    // No limit at all, in effect.
    inflating endless(~std::size_t{0});
    BOOST_TEST(!endless.begin(opcode::binary, false, ~std::uint64_t{0} >> 1U));
    BOOST_TEST(!endless.begin(opcode::continuation, false, ~std::uint64_t{0} >> 1U));
    BOOST_TEST(endless.begin(opcode::continuation, true, 2) == too_big);
    inflating small(~std::size_t{0});
    BOOST_TEST(!small.whole(opcode::binary, test::compressed("Hello")));
    BOOST_TEST(!small.fragmented(opcode::binary, test::compressed(test::records(70'000)), 9, 9));
    BOOST_TEST(small.got.size() == 70'000U);
}

// [6455-8.1-1]
BOOST_AUTO_TEST_CASE(utf8_is_judged_as_it_comes_out) {
    const auto invalid = make_error_code(error::invalid_utf8);
    const std::string good = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    // Stored blocks, so that it is known which octet of the payload stands for which of the text.
    const auto stored = test::bytes("00 0c 00 f3 ff");
    auto payload = stored;
    test::append(payload, test::text_bytes(good));
    test::append(payload, test::bytes("ed"));
    inflating at(1000);
    BOOST_REQUIRE(!at.begin(opcode::text, false, 1000));
    BOOST_TEST(!at.a.append(payload));
    BOOST_TEST(at.a.append(test::bytes("00 02 00 fd ff a0")) == invalid);  // the rest never comes

    for (const bool whole : {true, false}) {
        inflating other(1000);
        const auto judge = [&](std::string_view text) {
            return whole ? other.whole(opcode::text, test::compressed(text))
                         : other.fragmented(opcode::text, test::compressed(text), 3, 2);
        };
        BOOST_TEST(!judge(good));
        BOOST_TEST(judge("abc\xce") == invalid);
        other.a.reset();
        BOOST_TEST(!other.whole(opcode::binary, test::compressed("abc\xce")));
    }
}

// The verdict does not depend on how much is decompressed at once: the first offence counts.
BOOST_AUTO_TEST_CASE(the_first_of_two_offences_counts) {
    for (const std::size_t limit : {100 * std::size_t{1}, 70 * kib}) {
        const std::string text = "\xff" + std::string(limit, 'x');
        for (const std::string& bad : {text, std::string(limit - 1, 'x') + "\xff\xff"}) {
            const auto payload = test::compressed(bad);
            inflating whole(limit);
            BOOST_TEST(whole.whole(opcode::text, payload) == make_error_code(error::invalid_utf8));
            inflating octets(limit);
            BOOST_TEST(octets.fragmented(opcode::text, payload, 1000, 1) ==
                       make_error_code(error::invalid_utf8));
        }
    }
}

BOOST_AUTO_TEST_CASE(broken_data) {
    const auto broken = make_error_code(error::bad_compression);
    for (const char* const bad :
         {"ff", "f2 48 cd", "f2 00 11 00 00", "00 05 00 00 00", "00 05 00 fa ff 48 65 6c 6c 6f"}) {
        const auto payload = test::bytes(bad);
        inflating whole(1000);
        BOOST_TEST(whole.whole(opcode::binary, payload) == broken);
        inflating octets(1000);
        BOOST_TEST(octets.fragmented(opcode::binary, payload, 1, 1) == broken);
    }
    // Broken behind more than fits the thread's room.
    auto payload = test::compressed(test::records(100 * kib));
    payload.push_back(std::byte{0xFF});
    inflating whole(1024 * kib);
    BOOST_TEST(whole.whole(opcode::binary, payload) == broken);
}

// RFC 7692 §7.2.3.6: an empty message is one octet; none at all is one, too.
BOOST_AUTO_TEST_CASE(empty_messages) {
    inflating at(0);
    for (const char* const empty : {"00", "", "02 00"}) {
        BOOST_TEST(!at.whole(opcode::text, test::bytes(empty)));
        BOOST_TEST(at.got.empty());
        BOOST_TEST(!at.fragmented(opcode::text, test::bytes(empty), 1, 1));
        BOOST_TEST(at.got.empty());
    }
    BOOST_TEST(at.whole(opcode::text, test::compressed("a")) ==
               make_error_code(error::message_too_big));
}

BOOST_AUTO_TEST_CASE(compressed_and_plain_messages_take_turns) {
    inflating at(1000);
    deflater from({});
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(!at.fragmented(opcode::text, test::compressed(from, "Hello"), 2, 1));
        BOOST_TEST(at.got == "Hello");
        BOOST_REQUIRE(!at.a.begin_frame(data(opcode::text, false, 2)));
        BOOST_TEST(at.a.can_prepare());
        BOOST_TEST(!at.a.append(test::text_bytes("He")));
        BOOST_TEST(!at.a.end_frame(false));
        BOOST_REQUIRE(!at.a.begin_frame(data(opcode::continuation, true, 1)));
        BOOST_TEST(!at.a.append(test::text_bytes("y")));
        BOOST_TEST(!at.a.end_frame(true));
        BOOST_TEST(at.a.take() == "Hey");
        BOOST_REQUIRE(!at.begin(opcode::text, true, 5));
        BOOST_TEST(!at.a.can_prepare());
        auto again = test::compressed(from, "Hello");
        std::span<const std::byte> payload(again);
        BOOST_TEST(!at.a.take_whole(payload));
        BOOST_TEST(test::to_text(payload) == "Hello");
        at.a.reset();
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
