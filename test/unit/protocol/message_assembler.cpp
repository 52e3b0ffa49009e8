// Fragments to messages (RFC 6455 §5.4), their limits, and reading in place.
#include "protocol/message_assembler.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "support/bytes.hpp"

namespace websock::protocol {
namespace {

frame_header data(opcode op, bool fin, std::uint64_t size) {
    return {.fin = fin, .op = op, .payload_length = size};
}

const auto no_mask = [](auto) {};

BOOST_AUTO_TEST_SUITE(message_assembling)

BOOST_AUTO_TEST_CASE(order_of_fragments) {
    const connection_options limits;
    message_assembler a;
    BOOST_TEST(a.begin_frame(data(opcode::continuation, true, 0), limits) ==
               make_error_code(error::unexpected_continuation));
    BOOST_TEST(!a.begin_frame(data(opcode::text, false, 0), limits));
    BOOST_TEST(a.under_way());
    BOOST_TEST(a.begin_frame(data(opcode::binary, true, 0), limits) ==
               make_error_code(error::expected_continuation));
    BOOST_TEST(!a.begin_frame(data(opcode::continuation, true, 0), limits));
    BOOST_TEST(!a.end_frame(true));
    BOOST_TEST(!a.under_way());
}

BOOST_AUTO_TEST_CASE(sizes_are_summed_without_overflow) {
    connection_options limits;
    limits.max_message_size = 10;
    message_assembler a;
    BOOST_TEST(!a.begin_frame(data(opcode::binary, false, 10), limits));
    BOOST_TEST(a.begin_frame(data(opcode::continuation, true, 1), limits) ==
               make_error_code(error::message_too_big));
    BOOST_TEST(a.begin_frame(data(opcode::continuation, true, ~std::uint64_t{0} >> 1U), limits) ==
               make_error_code(error::message_too_big));
    BOOST_TEST(!a.begin_frame(data(opcode::continuation, true, 0), limits));
}

BOOST_AUTO_TEST_CASE(room_grows_with_what_was_received) {
    const connection_options limits;
    message_assembler a;
    constexpr std::size_t size = 1'000'000;
    BOOST_REQUIRE(!a.begin_frame(data(opcode::binary, true, size), limits));
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
    message_assembler a;
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 9), limits));
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
    message_assembler a;
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 9), limits));
    BOOST_TEST(a.append(test::bytes("61 ff")) == make_error_code(error::invalid_utf8));
    a.reset();
    BOOST_REQUIRE(!a.begin_frame(data(opcode::text, true, 2), limits));
    a.prepare(2)[0] = std::byte{0xC0};
    BOOST_TEST(a.commit(1, no_mask) == make_error_code(error::invalid_utf8));
    a.reset();
    BOOST_REQUIRE(!a.begin_frame(data(opcode::binary, true, 1), limits));
    BOOST_TEST(!a.append(test::bytes("ff")));
    BOOST_TEST(!a.end_frame(true));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
