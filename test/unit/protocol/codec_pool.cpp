// Codecs that go round: what comes out of the pool is as good as new.
#include "protocol/codec_pool.hpp"

#include <boost/test/unit_test.hpp>
#include <new>
#include <vector>

#include "support/bytes.hpp"
#include "support/deflate.hpp"

namespace websock::protocol {
namespace {

BOOST_AUTO_TEST_SUITE(codec_pools)

BOOST_AUTO_TEST_CASE(a_compressor_comes_back_and_has_forgotten) {
    codec_pool pool;
    auto first = pool.take_deflater({});
    const deflater* const address = first.get();
    const auto fresh = test::compressed(*first, "Hello");
    pool.give_back(std::move(first));
    auto again = pool.take_deflater({});
    BOOST_TEST(again.get() == address);
    BOOST_TEST((test::compressed(*again, "Hello") == fresh));
}

BOOST_AUTO_TEST_CASE(compressors_of_other_settings_are_made) {
    codec_pool pool;
    auto first = pool.take_deflater({});
    const deflater* const address = first.get();
    pool.give_back(std::move(first));
    for (const deflater_settings& other :
         {deflater_settings{.window_bits = 14}, deflater_settings{.level = 5},
          deflater_settings{.memory_level = 7}}) {
        const auto taken = pool.take_deflater(other);
        BOOST_TEST(taken.get() != address);
        BOOST_TEST((taken->settings() == other));
    }
    BOOST_TEST(pool.take_deflater({}).get() == address);  // it is still there
}

BOOST_AUTO_TEST_CASE(a_decompressor_comes_back_for_the_same_window) {
    codec_pool pool;
    auto wide = pool.take_inflater(15);
    auto narrow = pool.take_inflater(9);
    const inflater* const wide_address = wide.get();
    const inflater* const narrow_address = narrow.get();
    wide->restore(test::text_bytes("what another connection has received"));
    pool.give_back(std::move(wide));
    pool.give_back(std::move(narrow));
    for (int i = 0; i < 2; ++i) {
        wide = pool.take_inflater(15);
        BOOST_TEST(wide.get() == wide_address);
        BOOST_TEST(wide->window().empty());
        narrow = pool.take_inflater(9);
        BOOST_TEST(narrow.get() == narrow_address);
        const auto other = pool.take_inflater(8);
        BOOST_TEST(other.get() != wide_address);
        BOOST_TEST(other->window_bits() == 8);
        pool.give_back(std::move(narrow));
        pool.give_back(std::move(wide));
    }
}

// A decompressor given back in the middle of a message, or after broken data, is as good.
BOOST_AUTO_TEST_CASE(a_decompressor_may_be_given_back_in_any_state) {
    codec_pool pool;
    for (const char* const left : {"f2 48 cd", "f3 48 cd c9 c9 07 00", "ff ff", "00 05 00 00 00"}) {
        auto codec = pool.take_inflater(15);
        const auto payload = test::bytes(left);
        std::span<const std::byte> in(payload);
        std::span<std::byte> out = pool.inflate_room();
        static_cast<void>(codec->read(in, out));
        pool.give_back(std::move(codec));
        codec = pool.take_inflater(15);
        const auto hello = test::bytes("f2 48 cd c9 c9 07 00");
        in = hello;
        out = pool.inflate_room();
        BOOST_TEST((codec->read(in, out) == inflate_status::need_input));
        BOOST_TEST(codec->finish());
        BOOST_TEST(test::to_text(pool.inflate_room().first(5)) == "Hello");
        BOOST_TEST(pool.inflate_room().size() - out.size() == 5U);
        pool.give_back(std::move(codec));
    }
}

// The blocks that codecs are made in, counted.
std::size_t blocks_alive = 0;
std::size_t blocks_made = 0;

block_source counting_blocks() {
    block_source source;
    source.allocate = [](std::size_t size) -> void* {
        ++blocks_alive;
        ++blocks_made;
        return ::operator new(size);
    };
    source.release = [](void* block, std::size_t) {
        --blocks_alive;
        ::operator delete(block);
    };
    return source;
}

BOOST_AUTO_TEST_CASE(only_a_few_are_kept) {
    blocks_alive = 0;
    {
        codec_pool pool(counting_blocks());
        std::vector<std::unique_ptr<deflater>> compressors;
        std::vector<std::unique_ptr<inflater>> decompressors;
        for (int i = 0; i < 20; ++i) {
            compressors.push_back(pool.take_deflater({.window_bits = 9, .memory_level = 1}));
            decompressors.push_back(pool.take_inflater(9));
        }
        BOOST_TEST(blocks_alive == 40U);  // nobody shares one
        for (std::size_t i = 0; i < 20; ++i) {
            pool.give_back(std::move(compressors[i]));
            pool.give_back(std::move(decompressors[i]));
        }
        BOOST_TEST(blocks_alive <= 16U);
        BOOST_TEST(blocks_alive >= 2U);
    }
    BOOST_TEST(blocks_alive == 0U);
}

// One block a codec, large enough for all of zlib's pieces: none is made while it works.
BOOST_AUTO_TEST_CASE(a_codec_is_one_block) {
    codec_pool pool(counting_blocks());
    for (const int bits : {9, 12, 15}) {
        for (const int memory : {1, 8, 9}) {
            blocks_made = 0;
            auto from = pool.take_deflater({.window_bits = bits, .memory_level = memory});
            auto to = pool.take_inflater(bits);
            BOOST_TEST(blocks_made <= 2U);
            const auto payload = test::compressed(*from, test::records(50'000));
            std::span<const std::byte> in(payload);
            std::span<std::byte> out = pool.inflate_room();
            BOOST_TEST((to->read(in, out) == inflate_status::need_input));
            BOOST_TEST(to->finish());
            BOOST_TEST(blocks_made <= 2U);
            pool.give_back(std::move(to));
            pool.give_back(std::move(from));
        }
    }
}

BOOST_AUTO_TEST_CASE(without_memory_it_says_so) {
    block_source none;
    none.allocate = [](std::size_t) -> void* { throw std::bad_alloc(); };
    codec_pool pool(none);
    BOOST_CHECK_THROW(static_cast<void>(pool.take_deflater({})), std::bad_alloc);
    BOOST_CHECK_THROW(static_cast<void>(pool.take_inflater(15)), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(rooms) {
    codec_pool pool;
    BOOST_TEST(pool.inflate_room().size() == 64U * 1024U);
    BOOST_TEST(pool.inflate_room().data() == pool.inflate_room().data());
    byte_buffer& room = pool.deflate_room();
    room.append(test::bytes("01 02"));
    BOOST_TEST(pool.deflate_room().empty());
    pool.deflate_room().prepare(200 * 1024);
    pool.trim_deflate_room();
    BOOST_TEST(pool.deflate_room().capacity() == 200U * 1024U);
    pool.deflate_room().prepare(300 * 1024);
    pool.trim_deflate_room();
    BOOST_TEST(pool.deflate_room().capacity() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
