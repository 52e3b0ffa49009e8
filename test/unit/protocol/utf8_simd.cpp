// UTF-8 by the vectors of each level that this CPU has, against the slow twin: sequences at every
// place of a vector and across their borders, text cut off anywhere, wrong bytes, random cuts.
#include "protocol/utf8_simd.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

#include "protocol/utf8.hpp"
#include "support/bytes.hpp"
#include "support/slow_twins.hpp"
#include "unit/protocol/utf8_text.hpp"

namespace websock::protocol {
namespace {

using test::border_bytes;
using test::byte_vector;
using test::bytes;
using test::lead_bytes;
using test::random_text;

std::vector<simd_level> available_levels() {
    std::vector<simd_level> levels{simd_level::baseline, simd_level::ssse3, simd_level::avx2};
    std::erase_if(levels, [](simd_level level) { return !is_available(level); });
    return levels;
}

const std::vector<simd_level> levels = available_levels();

void check(std::span<const std::byte> in, bool fits, bool whole) {
    for (const simd_level level : levels) {
        utf8_validator validator;
        if (validator.feed(in, level) != fits || validator.complete() != whole)
            BOOST_FAIL("level " << static_cast<int>(level)
                                << " differs from the twin: " << test::to_hex(in));
    }
}

void check_same_as_twin(std::span<const std::byte> in) {
    test::slow_utf8_validator twin;
    const bool fits = twin.feed(in);
    check(in, fits, twin.complete());
}

/// Puts `part` into ASCII, of which one byte at least follows: so the twin need not see the ASCII.
class in_ascii {
public:
    explicit in_ascii(std::size_t size) : text_(size, std::byte{'a'}) {}

    void check_part(std::span<const std::byte> part, std::size_t at) {
        const auto place = text_.begin() + static_cast<std::ptrdiff_t>(at);
        std::ranges::copy(part, place);
        const bool valid = test::slow_is_valid_utf8(part);
        check(text_, valid, valid);
        std::fill_n(place, part.size(), std::byte{'a'});
    }

private:
    byte_vector text_;
};

template <class... Bytes>
std::array<std::byte, sizeof...(Bytes)> octets(Bytes... values) {
    return {static_cast<std::byte>(values)...};
}

BOOST_AUTO_TEST_SUITE(utf8_simd)

BOOST_AUTO_TEST_CASE(the_best_level_is_available) {
    BOOST_TEST(is_available(simd_level::baseline));
    BOOST_TEST(is_available(best_simd_level()));
    BOOST_TEST((std::ranges::max(levels) == best_simd_level()));
    BOOST_TEST_MESSAGE(levels.size() << " levels are tested");
}

BOOST_AUTO_TEST_CASE(all_sequences_of_one_and_two_bytes_are_judged_like_the_twin) {
    in_ascii text(131);
    for (unsigned pair = 0; pair < 65536; ++pair)
        text.check_part(octets(pair >> 8, pair & 0xFF), pair % 129);
    for (unsigned single = 0; single < 256; ++single)
        for (std::size_t at = 0; at < 130; ++at)
            text.check_part(octets(single), at);
}

BOOST_AUTO_TEST_CASE(sequences_of_two_bytes_are_judged_alike_at_every_place) {
    for (const std::size_t size : {19U, 35U, 67U, 99U, 131U}) {
        in_ascii text(size);
        for (const unsigned first : border_bytes)
            for (const unsigned second : border_bytes)
                for (std::size_t at = 0; at + 3 <= size; ++at)
                    text.check_part(octets(first, second), at);
    }
}

BOOST_AUTO_TEST_CASE(sequences_of_three_bytes_are_judged_like_the_twin) {
    in_ascii text(101);
    std::size_t count = 0;
    for (unsigned pair = 0; pair < 65536; ++pair)
        for (const unsigned third : border_bytes)
            text.check_part(octets(pair >> 8, pair & 0xFF, third), count++ % 97);
}

BOOST_AUTO_TEST_CASE(sequences_of_four_bytes_are_judged_like_the_twin) {
    in_ascii text(101);
    std::size_t count = 0;
    for (const unsigned first : lead_bytes)
        for (unsigned second = 0; second < 256; ++second)
            for (const unsigned third : border_bytes)
                for (const unsigned fourth : border_bytes)
                    text.check_part(octets(first, second, third, fourth), count++ % 96);
}

// Also F5, C0, E0 80, ED A0, F0 80, F4 90 as the last bytes, which fail although nothing follows.
BOOST_AUTO_TEST_CASE(the_end_is_judged_like_the_twin_wherever_it_is) {
    for (std::size_t size = 0; size <= 140; ++size) {
        byte_vector in(size, std::byte{'a'});
        in.resize(size + 1);
        for (unsigned last = 0; last < 256; ++last) {
            in.back() = static_cast<std::byte>(last);
            check_same_as_twin(in);
        }
        in.resize(size + 2);
        for (const unsigned first : border_bytes)
            for (const unsigned second : border_bytes) {
                std::ranges::copy(octets(first, second), in.end() - 2);
                check_same_as_twin(in);
            }
        for (const char* hex : {"e2 82 ac", "e0 80 80", "f0 9f 98", "f0 9f 98 80", "f0 80 80",
                                "f4 90 80", "f4 8f bf", "ed a0 80", "e2 82 c2", "80 80 80"}) {
            in.resize(size);
            test::append(in, bytes(hex));
            check_same_as_twin(in);
        }
    }
}

BOOST_AUTO_TEST_CASE(ascii_after_an_unfinished_code_point_is_found_however_long) {
    for (const char* hex : {"c3", "e2", "e2 82", "f0 9f", "f0 9f 98"})
        for (std::size_t before = 0; before <= 135; ++before)
            for (std::size_t after = 1; after <= 135; ++after) {
                byte_vector in(before, std::byte{'a'});
                test::append(in, bytes(hex));
                in.resize(in.size() + after, std::byte{'b'});
                check(in, false, false);
            }
}

BOOST_AUTO_TEST_CASE(every_front_of_a_text_fits_and_every_code_point_may_be_across_a_border) {
    std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same every time
    for (int round = 0; round < 20; ++round) {
        const byte_vector text = random_text(random, 300);
        test::slow_utf8_validator twin;
        for (std::size_t size = 0; size < text.size(); ++size) {
            check(std::span(text).first(size), true, twin.complete());
            twin.feed(std::span(text).subspan(size, 1));
        }
    }
}

BOOST_AUTO_TEST_CASE(text_with_one_byte_changed_is_judged_like_the_twin) {
    std::mt19937 random(2);  // NOLINT(*-msc51-cpp): the same every time
    for (int round = 0; round < 5000; ++round) {
        byte_vector in = random_text(random, 1 + random() % 400);
        if (in.empty())
            continue;
        const bool border = random() % 2 == 0;
        in[random() % in.size()] = static_cast<std::byte>(
            border ? border_bytes[random() % border_bytes.size()] : random() % 256);
        check_same_as_twin(in);
    }
}

BOOST_AUTO_TEST_CASE(random_bytes_are_judged_like_the_twin) {
    std::mt19937 random(3);  // NOLINT(*-msc51-cpp): the same every time
    for (int round = 0; round < 20'000; ++round) {
        byte_vector in(19 + random() % 60);
        for (std::byte& b : in)
            b = static_cast<std::byte>(border_bytes[random() % border_bytes.size()]);
        check_same_as_twin(in);
        // So that something can also be wrong at the end only.
        byte_vector front = random_text(random, 100);
        test::append(front, std::span(in).first(3));
        check_same_as_twin(front);
    }
}

// The state is the same whatever the level: they may even take turns.
BOOST_AUTO_TEST_CASE(random_cuts_and_levels_do_not_matter) {
    std::mt19937 random(4);  // NOLINT(*-msc51-cpp): the same every time
    for (int round = 0; round < 4000; ++round) {
        byte_vector in = random_text(random, 500);
        if (round % 2 == 1)
            in[random() % in.size()] = static_cast<std::byte>(random() % 256);
        const simd_level fixed = levels[random() % levels.size()];
        utf8_validator fast;
        test::slow_utf8_validator slow;
        for (std::span<const std::byte> rest(in); !rest.empty();) {
            const auto part = rest.first(std::min<std::size_t>(rest.size(), random() % 150));
            rest = rest.subspan(part.size());
            const simd_level level = round % 4 < 2 ? fixed : levels[random() % levels.size()];
            if (fast.feed(part, level) != slow.feed(part) || fast.complete() != slow.complete())
                BOOST_FAIL("differs from the twin: " << test::to_hex(in));
        }
    }
}

BOOST_AUTO_TEST_CASE(once_wrong_it_stays_wrong) {
    const byte_vector good(100, std::byte{'a'});
    for (const simd_level level : levels) {
        utf8_validator validator;
        BOOST_TEST(!validator.feed(byte_vector(100, std::byte{0xFF}), level));
        BOOST_TEST(!validator.feed(good, level));
        BOOST_TEST(!validator.complete());
        validator.reset();
        BOOST_TEST(validator.feed(good, level));
        BOOST_TEST(validator.complete());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
