// Masking (RFC 6455 §5.3) against the slow twin, at every size, offset, alignment and cut.
#include "protocol/mask.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <random>

#include "support/bytes.hpp"
#include "support/slow_twins.hpp"

namespace websock::protocol {
namespace {

using test::byte_vector;

constexpr masking_key some_key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};

constexpr std::array levels{simd_level::baseline, simd_level::ssse3, simd_level::avx2};

byte_vector random_bytes(std::size_t size) {
    std::mt19937 random(4711);  // NOLINT(*-msc51-cpp): the same every time
    byte_vector result(size);
    std::ranges::generate(result, [&random] { return static_cast<std::byte>(random() % 256); });
    return result;
}

BOOST_AUTO_TEST_SUITE(mask)

// RFC 6455 §5.7: "A single-frame masked text message".
// [6455-6.2-5]
BOOST_AUTO_TEST_CASE(example_of_the_rfc_unmasks_to_hello) {
    byte_vector payload = test::bytes("7f 9f 4d 51 58");
    apply_mask(payload, some_key, 0);
    BOOST_TEST(test::to_text(payload) == "Hello");
}

BOOST_AUTO_TEST_CASE(nothing_may_be_masked) {
    apply_mask({}, some_key, 0);
    apply_mask({}, some_key, 3);
}

BOOST_AUTO_TEST_CASE(every_size_offset_and_alignment_is_like_the_twin_and_stays_inside) {
    const byte_vector original = random_bytes(300);
    for (std::size_t size = 0; size <= 200; ++size)
        for (std::uint64_t offset = 0; offset < 8; ++offset)
            for (std::size_t begin = 0; begin < 16; ++begin) {
                byte_vector fast = original;
                byte_vector slow = original;
                apply_mask(std::span(fast).subspan(begin, size), some_key, offset);
                test::slow_apply_mask(std::span(slow).subspan(begin, size), some_key, offset);
                if (fast != slow)
                    BOOST_FAIL("differs from its twin: size " << size << ", offset " << offset
                                                              << ", alignment " << begin);
            }
}

// Long payloads are masked by whole blocks between two cache lines.
BOOST_AUTO_TEST_CASE(long_payloads_are_like_the_twin_at_every_place_of_a_line_by_all_vectors) {
    const byte_vector original = random_bytes(1500);
    for (const simd_level level : levels)
        for (std::size_t size = 1020; is_available(level) && size <= 1350; size += 1 + size % 7)
            for (std::size_t begin = 0; begin <= 64; ++begin) {
                byte_vector fast = original;
                byte_vector slow = original;
                const std::uint64_t offset = size % 4;
                apply_mask(std::span(fast).subspan(begin, size), some_key, offset, level);
                test::slow_apply_mask(std::span(slow).subspan(begin, size), some_key, offset);
                if (fast != slow)
                    BOOST_FAIL("differs from its twin: size " << size << ", place " << begin
                                                              << ", level "
                                                              << static_cast<int>(level));
            }
}

// [6455-8.1-1]
BOOST_AUTO_TEST_CASE(one_octet_beyond_ascii_is_noticed_wherever_it_is) {
    for (const std::size_t size : {1U, 3U, 4U, 9U, 15U, 16U, 31U, 64U, 100U, 1023U, 1024U, 1500U})
        for (const simd_level level : levels) {
            if (!is_available(level))
                continue;
            const byte_vector ascii(size, std::byte{0x7F});
            for (std::size_t begin = 0; begin < 3; ++begin)
                for (std::size_t high = 0; high <= size; ++high) {
                    byte_vector text(begin, std::byte{0xFF});  // not looked at
                    text.insert(text.end(), ascii.begin(), ascii.end());
                    if (high < size)
                        text[begin + high] = std::byte{0x80};
                    const auto payload = std::span(text).subspan(begin);
                    test::slow_apply_mask(payload, some_key, 1);
                    if (apply_mask(payload, some_key, 1, level) != (high == size))
                        BOOST_FAIL("size " << size << ", octet " << high << ", level "
                                           << static_cast<int>(level));
                }
        }
}

BOOST_AUTO_TEST_CASE(large_payloads_are_like_the_twin) {
    for (const std::size_t size : {4095U, 4096U, 65'535U, 65'536U, 65'537U, 1'000'003U}) {
        byte_vector fast = random_bytes(size);
        byte_vector slow = fast;
        apply_mask(fast, some_key, 1);
        test::slow_apply_mask(slow, some_key, 1);
        BOOST_TEST((fast == slow));
    }
}

BOOST_AUTO_TEST_CASE(offsets_beyond_32_bits_count_modulo_4) {
    for (std::uint64_t low = 0; low < 4; ++low)
        for (const std::uint64_t high : {std::uint64_t{1} << 32, std::uint64_t{1} << 62}) {
            byte_vector far = random_bytes(77);
            byte_vector near = far;
            apply_mask(far, some_key, high + low);
            test::slow_apply_mask(near, some_key, low);
            BOOST_TEST((far == near));
        }
}

BOOST_AUTO_TEST_CASE(any_two_cuts_give_the_same_as_the_whole) {
    const byte_vector original = random_bytes(150);
    byte_vector whole = original;
    test::slow_apply_mask(whole, some_key, 0);
    for (std::size_t first = 0; first <= original.size(); ++first)
        for (std::size_t second = first; second <= original.size(); ++second) {
            byte_vector parts = original;
            const std::span all(parts);
            apply_mask(all.first(first), some_key, 0);
            apply_mask(all.subspan(first, second - first), some_key, first);
            apply_mask(all.subspan(second), some_key, second);
            if (parts != whole)
                BOOST_FAIL("differs when cut at " << first << " and " << second);
        }
}

BOOST_AUTO_TEST_CASE(masking_twice_restores) {
    const byte_vector original = random_bytes(1001);
    byte_vector twice = original;
    apply_mask(twice, some_key, 3);
    BOOST_TEST((twice != original));
    apply_mask(twice, some_key, 3);
    BOOST_TEST((twice == original));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
