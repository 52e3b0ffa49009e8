// Raw DEFLATE a message at a time (RFC 7692 §7.2): the examples of the RFC and output of another
// zlib byte for byte, whatever the steps in which they are taken; and what is no such data.
#include "protocol/deflate_codec.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <optional>
#include <string>

#include "support/bytes.hpp"
#include "support/deflate.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;
using test::bytes;
using test::compressed;

constexpr std::size_t all = 1024 * 1024;

// How large the pieces of input are, and the room for output.
struct steps {
    std::size_t in = all;
    std::size_t out = all;
};

// One message; nothing if it is broken.
std::optional<std::string> inflate_message(inflater& codec, std::span<const std::byte> payload,
                                           steps by = {}) {
    std::string message;
    byte_vector room(by.out);
    const auto run = [&](auto step) {
        for (;;) {
            std::span<std::byte> rest(room);
            const inflate_status status = step(rest);
            message += test::to_text(std::span(room).first(room.size() - rest.size()));
            if (status == inflate_status::need_output) {
                BOOST_REQUIRE(rest.empty());
                continue;
            }
            return status == inflate_status::need_input;
        }
    };
    while (!payload.empty()) {
        std::span<const std::byte> piece = payload.first(std::min(by.in, payload.size()));
        payload = payload.subspan(piece.size());
        if (!run([&](auto& out) { return codec.read(piece, out); }))
            return std::nullopt;
        BOOST_REQUIRE(piece.empty());
    }
    if (!codec.finish())
        return std::nullopt;
    return message;
}

const steps every_way[] = {{}, {1, all}, {all, 1}, {1, 1}, {2, 3}, {3, 2}, {7, 64}};

// Messages that follow each other, one for each line of hexadecimal; the same whatever the steps.
void expect_messages(const std::vector<std::string>& payloads,
                     const std::vector<std::string>& messages, int window_bits = 15) {
    BOOST_REQUIRE(payloads.size() == messages.size());
    for (const steps by : every_way) {
        inflater codec(window_bits);
        for (std::size_t i = 0; i < payloads.size(); ++i) {
            const auto got = inflate_message(codec, bytes(payloads[i]), by);
            BOOST_TEST((got == messages[i]), "message " << i << " in steps of " << by.in << " and "
                                                        << by.out << ": "
                                                        << got.value_or("broken"));
        }
    }
}

void expect_broken(std::string_view payload, int window_bits = 15) {
    for (const steps by : every_way) {
        inflater codec(window_bits);
        BOOST_TEST(!inflate_message(codec, bytes(payload), by).has_value(), payload);
    }
}

BOOST_AUTO_TEST_SUITE(deflate_codec)

// RFC 7692 §7.2.3.1, §7.2.3.2; zlib makes the same of it.
// [7692-6.2-1, 7692-7.2.2-1, 7692-7.2.2-2]
BOOST_AUTO_TEST_CASE(one_block_and_a_shared_window) {
    expect_messages({"f2 48 cd c9 c9 07 00"}, {"Hello"});
    expect_messages({"f2 48 cd c9 c9 07 00", "f2 48 cd c9 c9 07 00"}, {"Hello", "Hello"});
    expect_messages({"f2 48 cd c9 c9 07 00", "f2 00 11 00 00"}, {"Hello", "Hello"});
    deflater codec({});
    BOOST_TEST(test::to_hex(compressed(codec, "Hello")) == "f2 48 cd c9 c9 07 00");
    BOOST_TEST(test::to_hex(compressed(codec, "Hello")) == "f2 00 11 00 00");
}

// [7692-7.2.1-4, 7692-7.2.1-5]
BOOST_AUTO_TEST_CASE(a_compressor_that_forgets_refers_to_nothing) {
    deflater codec({});
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(test::to_hex(compressed(codec, "Hello")) == "f2 48 cd c9 c9 07 00");
        codec.forget();
    }
}

// RFC 7692 §7.2.3.3.
BOOST_AUTO_TEST_CASE(a_stored_block) {
    expect_messages({"00 05 00 fa ff 48 65 6c 6c 6f 00"}, {"Hello"});
}

// RFC 7692 §7.2.3.4. The window outlives a block with BFINAL, in a message and between two.
// [7692-7.2.1-1]
BOOST_AUTO_TEST_CASE(a_final_block) {
    expect_messages({"f3 48 cd c9 c9 07 00 00"}, {"Hello"});
    expect_messages({"f3 48 cd c9 c9 07 00 00", "f2 00 11 00 00", "f3 00 11 00 00"},
                    {"Hello", "Hello", "Hello"});
    expect_messages({"f3 48 cd c9 c9 07 00 f2 00 11 00 00"}, {"HelloHello"});
    expect_messages({"f3 48 cd c9 c9 07 00 f3 00 11 00 f2 00 11 00 00"}, {"HelloHelloHello"});
    // Without the octet behind it that the RFC adds: there is no other way to read it.
    expect_messages({"f3 48 cd c9 c9 07 00", "f2 00 11 00 00"}, {"Hello", "Hello"});
}

// RFC 7692 §7.2.3.5.
BOOST_AUTO_TEST_CASE(two_blocks) {
    expect_messages({"f2 48 05 00 00 00 ff ff ca c9 c9 07 00"}, {"Hello"});
}

// RFC 7692 §7.2.3.6. A payload of nothing at all can stand for nothing else either.
BOOST_AUTO_TEST_CASE(empty_messages) {
    expect_messages({"00", "", "00", "00 00 00 ff ff 00", "02 00"}, {"", "", "", "", ""});
    expect_messages({"f2 48 cd c9 c9 07 00", "00", "", "f2 00 11 00 00"},
                    {"Hello", "", "", "Hello"});
}

// Made by Python's zlib: each strategy, flush and level in turn.
BOOST_AUTO_TEST_CASE(what_another_compressor_makes) {
    const std::string json =
        R"({"id":17,"user":"alice","text":"hello, hello, hello","tags":["a","b","a","b"],"id2":17})";
    const std::string fixed =
        "aa 56 ca 4c 51 b2 32 34 d7 51 2a 2d 4e 2d 52 b2 52 4a cc c9 4c 4e 55 d2 51 2a 49 ad 28 01 "
        "72 33 52 73 72 f2 75 14 90 29 90 64 62 7a b1 92 55 b4 52 22 90 9d 04 c4 10 3a 56 07 68 98 "
        "11 c8 b4 5a 00 00";
    const std::string huffman_only =
        "04 c1 31 0a 80 30 10 45 c1 ab c8 ab 7f 13 1b 61 af 22 16 51 17 13 58 08 68 04 41 bc bb 33 "
        "2f 75 c7 d2 24 ee cb 4f 8c 1c 75 73 44 f7 a7 63 14 8f 68 1a 8a 47 34 0d c5 23 1a a2 e7 e3 "
        "c2 66 32 62 45 64 c4 ca 22 ea 3e 62 69 fa 7e 00";
    const std::string filtered =
        "4c c5 31 0a 80 30 10 45 c1 ab c8 ab 7f 13 1b 61 af 22 16 d1 2c 1a 08 08 26 82 20 de dd c6 "
        "c2 69 e6 26 27 2c 0c e2 ac 7e 60 c4 92 17 47 34 bf 1a c6 e6 a5 ec ea fe 21 5a 5c 2b 36 12 "
        "11 33 fa 9e 44 4e 3d 16 86 e7 05";
    const std::string repeated = "aa a6 8d b1 00 00";
    for (const int bits : {9, 15}) {
        expect_messages({fixed, repeated}, {json, json}, bits);
        expect_messages({huffman_only, repeated, filtered, repeated, fixed, huffman_only},
                        {json, json, json, json, json, json}, bits);
    }
    // Z_FULL_FLUSH in the middle, Z_PARTIAL_FLUSH in the middle, Z_FINISH at the end.
    expect_messages(
        {"ca cf 4b d5 51 28 29 cf d7 51 00 00 00 00 ff ff ca cf 4b d5 51 28 29 cf 07 12 "
         "19 45 a9 a9 00 00",
         "4a 4c 4a 06 08 a0 c4 a4 e4 94 d4 34 00 00",
         "4b cb cc cb 2c ce 48 4d 51 48 aa 54 70 72 f3 f4 73 f4 01 00"},
        {"one, two, one, two, three", "abcabcdef", "finished by BFINAL"});
}

BOOST_AUTO_TEST_CASE(a_dynamic_block_in_every_step) {
    std::string text;
    for (std::size_t i = 0; i < 60; ++i)
        text += std::to_string(i) + ":" + std::string(i % 5, static_cast<char>('a' + i % 7)) + ";";
    const byte_vector payload = compressed(text, {.level = 9});
    BOOST_TEST(((std::to_integer<unsigned>(payload[0]) >> 1U) & 3U) == 2U);  // BTYPE
    for (std::size_t in = 1; in <= payload.size(); ++in) {
        inflater codec(15);
        BOOST_TEST((inflate_message(codec, payload, {in, 1}) == text));
        inflater other(15);
        BOOST_TEST((inflate_message(other, payload, {1, in}) == text));
    }
}

BOOST_AUTO_TEST_CASE(a_payload_that_was_cut_is_broken) {
    for (const std::string& text : {std::string("Hello"), test::records(400)}) {
        const byte_vector payload = compressed(text);
        for (std::size_t size = 1; size < payload.size(); ++size) {
            inflater codec(15);
            const auto got = inflate_message(codec, std::span(payload).first(size));
            // The last octet may hold nothing but the bits of the empty block's header that the
            // appended ones have too.
            BOOST_TEST((!got || (size + 1 == payload.size() && got == text)),
                       size << " of " << payload.size());
        }
    }
    expect_broken("00 05 00 fa ff 48 65 6c 6c 6f");  // a stored block, then not even a header
    expect_broken("00 05 00 fa ff 48 65 6c 6c");
    expect_broken("00 05 00 fa ff");
    expect_broken("00 05 00");
    // What the receiver appends can take the place of what is missing: by the letter of §7.2.2 a
    // stored block of four bytes that never came.
    inflater codec(15);
    const auto got = inflate_message(codec, bytes("00 04 00 fb ff"));
    BOOST_TEST((!got || *got == std::string("\x00\x00\xff\xff", 4)));
}

BOOST_AUTO_TEST_CASE(garbage_is_broken) {
    expect_broken("ff ff ff ff");        // BTYPE 11
    expect_broken("07");                 // the same, in the only octet
    expect_broken("00 05 00 00 00 48");  // NLEN is no complement
    expect_broken("f2 00 11 00 00");     // refers to what has never been
    expect_broken("04 00 ff ff ff ff");  // a dynamic block with impossible codes
    expect_broken("f2 48 cd c9 c9 07 00 ff ff ff ff ff");
    expect_broken("f3 48 cd c9 c9 07 00 01 02 03 04");  // behind a final block
    // A zlib header (RFC 1950) is not raw DEFLATE.
    expect_broken("78 9c f3 48 cd c9 c9 07 00 05 8c 01 f5");
}

BOOST_AUTO_TEST_CASE(a_decompressor_that_forgets_is_as_good_as_new) {
    inflater codec(15);
    for (const char* const bad : {"ff", "f2 48 cd", "00 05 00 00 00", "f3 48 cd c9 c9 07 00 07"}) {
        BOOST_TEST(!inflate_message(codec, bytes(bad)).has_value());
        codec.forget();
        BOOST_TEST(codec.window().empty());
        BOOST_TEST((inflate_message(codec, bytes("f2 48 cd c9 c9 07 00")) == "Hello"));
        codec.forget();
        BOOST_TEST(!inflate_message(codec, bytes("f2 00 11 00 00")).has_value());
        codec.forget();
    }
    // In the middle of a message, and behind a final block, too.
    for (const char* const begun : {"f2 48 cd", "f3 48 cd c9 c9 07 00"}) {
        byte_vector room(100);
        std::span<std::byte> out(room);
        const byte_vector payload = bytes(begun);
        std::span<const std::byte> in(payload);
        BOOST_TEST((codec.read(in, out) == inflate_status::need_input));
        codec.forget();
        BOOST_TEST((inflate_message(codec, bytes("f2 48 cd c9 c9 07 00")) == "Hello"));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deflate_codec_windows)

// [7692-7.2.1-3, 7692-7.2.1-6, 7692-7.2.1-7]
BOOST_AUTO_TEST_CASE(every_level_memory_level_and_window) {
    const std::string texts[] = {test::records(3000), test::noise(1500), std::string(5000, 'x'),
                                 test::records(2000, 7)};
    for (int bits = 9; bits <= 15; ++bits) {
        for (int level = 1; level <= 9; ++level) {
            for (int memory = 1; memory <= 9; ++memory) {
                deflater from({.window_bits = bits, .level = level, .memory_level = memory});
                inflater to(bits);
                for (const std::string& text : texts) {
                    // So small a room makes zlib see every distance beyond the window.
                    BOOST_TEST((inflate_message(to, compressed(from, text), {all, 100}) == text),
                               bits << ' ' << level << ' ' << memory);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(large_messages_and_buffers_that_hold_something) {
    deflater from({});
    inflater to(15);
    byte_buffer out;
    out.append(bytes("01 02 03"));
    for (const std::size_t size : {1U, 16'000U, 65'535U, 65'536U, 200'000U, 1'000'000U}) {
        for (const std::string& text :
             {test::noise(size, 2), test::records(size), std::string(size, '\0')}) {
            const std::size_t before = out.size();
            from.compress(std::as_bytes(std::span(text)), out);
            const auto payload = std::as_const(out).bytes().subspan(before);
            BOOST_TEST((inflate_message(to, payload, {5000, 10'000}) == text));
        }
    }
    BOOST_TEST(test::to_hex(std::as_const(out).bytes().first(3)) == "01 02 03");
}

// [7692-7.2.2-4, 7692-7.2.2-5]
BOOST_AUTO_TEST_CASE(the_window_is_as_large_as_agreed) {
    for (int bits = 8; bits <= 15; ++bits) {
        const std::size_t size = std::size_t{1} << static_cast<unsigned>(bits);
        // A stored block that fills the window to the last byte, and one more or none.
        for (const std::size_t extra : {0U, 1U}) {
            std::string first = test::noise(size + extra);
            byte_vector payload;
            for (std::size_t at = 0; at < first.size();) {
                const std::size_t n = std::min<std::size_t>(first.size() - at, 60'000);
                const auto low = static_cast<std::byte>(n & 0xFFU);
                const auto high = static_cast<std::byte>(n >> 8U);
                payload.insert(payload.end(), {std::byte{0}, low, high, ~low, ~high});
                test::append(payload, std::as_bytes(std::span(first)).subspan(at, n));
                at += n;
            }
            payload.push_back(std::byte{0});
            inflater codec(bits);
            BOOST_TEST((inflate_message(codec, payload) == first));
            BOOST_TEST(codec.window() == first.substr(extra));
        }
    }
}

// What a message refers to of those before it lies in the agreed window, or is refused. (Within the
// output of one call zlib takes larger distances.)
BOOST_AUTO_TEST_CASE(distances_beyond_the_window_are_refused_between_messages) {
    const std::string first = test::noise(40'000);
    for (int bits = 9; bits <= 15; ++bits) {
        const std::size_t size = std::size_t{1} << static_cast<unsigned>(bits);
        deflater wide({});
        inflater narrow(bits);
        BOOST_REQUIRE((inflate_message(narrow, compressed(wide, first)) == first));
        // zlib's compressor keeps 262 bytes away from the end of its window.
        const std::string near = first.substr(first.size() - size + 300, 100);
        BOOST_TEST((inflate_message(narrow, compressed(wide, near)) == near));
        if (bits < 15) {
            const std::string far = first.substr(first.size() - size - 200, 90);
            const byte_vector refers = compressed(wide, far);
            BOOST_REQUIRE(refers.size() < 30U);
            BOOST_TEST(!inflate_message(narrow, refers).has_value(), bits);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_window_moves_to_another_codec) {
    for (const int bits : {9, 12, 15}) {
        deflater from({.window_bits = bits});
        auto codec = std::make_unique<inflater>(bits);
        BOOST_TEST(codec->window().empty());
        codec->restore({});
        std::string seen;
        for (unsigned i = 1; i <= 12; ++i) {
            const std::string text = test::records(i * i * 100, i) + "the same in all of them";
            BOOST_TEST((inflate_message(*codec, compressed(from, text)) == text));
            seen += text;
            const std::string window = codec->window();
            BOOST_TEST(window.size() <= std::size_t{1} << static_cast<unsigned>(bits));
            BOOST_TEST(seen.ends_with(window));
            auto fresh = std::make_unique<inflater>(bits);
            fresh->restore(std::as_bytes(std::span(window)));
            codec = std::move(fresh);
        }
    }
}

// Also when the last block had BFINAL set.
BOOST_AUTO_TEST_CASE(the_window_after_a_final_block) {
    inflater codec(15);
    BOOST_TEST((inflate_message(codec, bytes("f3 48 cd c9 c9 07 00 00")) == "Hello"));
    BOOST_TEST(codec.window() == "Hello");
    inflater other(15);
    other.restore(test::text_bytes(codec.window()));
    BOOST_TEST((inflate_message(other, bytes("f3 00 11 00 00")) == "Hello"));
    BOOST_TEST(other.window() == "HelloHello");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
