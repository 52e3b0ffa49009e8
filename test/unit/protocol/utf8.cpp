// UTF-8 (RFC 6455 §8.1, RFC 3629 §4): literal sequences, exhaustive short ones and random text, all
// against the slow twin and at every cut.
#include "protocol/utf8.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/bytes.hpp"
#include "support/slow_twins.hpp"
#include "unit/protocol/utf8_text.hpp"

namespace websock::protocol {
namespace {

using test::append_code_point;
using test::border_bytes;
using test::byte_vector;
using test::bytes;
using test::lead_bytes;
using test::random_text;

/// How many bytes are accepted one by one before the first wrong one.
std::size_t accepted(std::span<const std::byte> in) {
    utf8_validator validator;
    std::size_t count = 0;
    while (count < in.size() && validator.feed(in.subspan(count, 1)))
        ++count;
    return count;
}

void check_fails_at_last_byte(std::string_view hex) {
    BOOST_TEST_CONTEXT(hex) {
        const byte_vector in = bytes(hex);
        BOOST_TEST(accepted(in) == in.size() - 1);
        BOOST_TEST(!is_valid_utf8(in));
    }
}

void check_valid(std::string_view hex) {
    BOOST_TEST_CONTEXT(hex) {
        const byte_vector in = bytes(hex);
        BOOST_TEST(accepted(in) == in.size());
        BOOST_TEST(is_valid_utf8(in));
    }
}

/// Compares with the twin: whole, and as the front up to each byte.
bool same_as_twin(std::span<const std::byte> in) {
    utf8_validator validator;
    const std::size_t good = test::slow_utf8_accepted(in);
    return validator.feed(in) == (good == in.size()) &&
           validator.complete() == test::slow_is_valid_utf8(in) && accepted(in) == good &&
           is_valid_utf8(in) == test::slow_is_valid_utf8(in);
}

void check_same_as_twin(std::span<const std::byte> in) {
    if (!same_as_twin(in))
        BOOST_FAIL("differs from its twin: " << test::to_hex(in));
}

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(borders_of_each_length_are_valid) {
    for (const char* hex : {"", "00", "7f", "c2 80", "df bf", "e0 a0 80", "ef bf bf", "f0 90 80 80",
                            "f4 8f bf bf", "ed 9f bf", "ee 80 80", "ef bf be"})
        check_valid(hex);
}

BOOST_AUTO_TEST_CASE(bytes_that_begin_nothing_fail_at_once) {
    for (const char* hex : {"80", "bf", "c0", "c1", "f5", "f8", "fc", "fe", "ff", "41 80"})
        check_fails_at_last_byte(hex);
}

BOOST_AUTO_TEST_CASE(overlong_forms_fail_at_the_byte_that_shows_it) {
    for (const char* hex : {"c0", "c1", "e0 80", "e0 9f", "f0 80", "f0 8f"})
        check_fails_at_last_byte(hex);
}

BOOST_AUTO_TEST_CASE(surrogates_fail_at_the_second_byte) {
    for (const char* hex : {"ed a0", "ed bf", "ed a0", "ed ad"})
        check_fails_at_last_byte(hex);
}

BOOST_AUTO_TEST_CASE(code_points_over_10ffff_fail_at_the_byte_that_shows_it) {
    for (const char* hex : {"f4 90", "f4 bf", "f5", "f7"})
        check_fails_at_last_byte(hex);
}

BOOST_AUTO_TEST_CASE(missing_tails_fail_at_the_byte_that_comes_instead) {
    for (const char* hex : {"c2 41", "c2 c2", "e1 41", "e1 80 41", "e1 80 e1", "f1 80 80 41",
                            "f1 80 80 f1", "f1 41", "f1 80 c2"})
        check_fails_at_last_byte(hex);
}

BOOST_AUTO_TEST_CASE(a_front_of_a_code_point_is_accepted_but_not_complete) {
    for (const char* hex : {"c2", "e0", "e0 a0", "ed 9f", "f0", "f0 90", "f0 90 80", "f4 8f bf"}) {
        BOOST_TEST_CONTEXT(hex) {
            utf8_validator validator;
            BOOST_TEST(validator.feed(bytes(hex)));
            BOOST_TEST(!validator.complete());
            BOOST_TEST(!is_valid_utf8(bytes(hex)));
        }
    }
}

BOOST_AUTO_TEST_CASE(once_wrong_it_stays_wrong_until_reset) {
    utf8_validator validator;
    BOOST_TEST(validator.complete());
    BOOST_TEST(!validator.feed(bytes("80")));
    BOOST_TEST(!validator.feed({}));
    BOOST_TEST(!validator.feed(bytes("41")));
    BOOST_TEST(!validator.feed(byte_vector(100, std::byte{'a'})));
    BOOST_TEST(!validator.complete());
    validator.reset();
    BOOST_TEST(validator.complete());
    BOOST_TEST(validator.feed(bytes("41")));
    BOOST_TEST(validator.complete());
}

BOOST_AUTO_TEST_CASE(reset_forgets_half_a_code_point) {
    utf8_validator validator;
    BOOST_TEST(validator.feed(bytes("e2 82")));
    validator.reset();
    BOOST_TEST(validator.complete());
    BOOST_TEST(!validator.feed(bytes("ac")));
}

BOOST_AUTO_TEST_CASE(every_code_point_is_valid_but_surrogates) {
    for (std::uint32_t value = 0; value < 0x110000; ++value) {
        byte_vector in;
        append_code_point(in, value);
        const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        if (is_valid_utf8(in) == surrogate)
            BOOST_FAIL("wrong about code point " << value);
    }
}

BOOST_AUTO_TEST_CASE(all_sequences_of_two_bytes_are_judged_like_the_twin_anywhere) {
    for (unsigned pair = 0; pair < 65536; ++pair) {
        const std::array in{static_cast<std::byte>(pair >> 8), static_cast<std::byte>(pair & 0xFF)};
        check_same_as_twin(in);
        // The same inside ASCII, where it meets the wide steps and their borders.
        byte_vector padded(48, std::byte{'a'});
        padded[pair % 47] = in[0];
        padded[pair % 47 + 1] = in[1];
        if (is_valid_utf8(padded) != test::slow_is_valid_utf8(padded))
            BOOST_FAIL("differs from its twin: " << test::to_hex(padded));
    }
}

BOOST_AUTO_TEST_CASE(sequences_of_three_bytes_are_judged_like_the_twin) {
    for (unsigned pair = 0; pair < 65536; ++pair)
        for (const unsigned third : border_bytes)
            check_same_as_twin(std::array{static_cast<std::byte>(pair >> 8),
                                          static_cast<std::byte>(pair & 0xFF),
                                          static_cast<std::byte>(third)});
}

BOOST_AUTO_TEST_CASE(sequences_of_four_bytes_are_judged_like_the_twin) {
    for (const unsigned first : lead_bytes)
        for (unsigned second = 0; second < 256; ++second)
            for (const unsigned third : border_bytes)
                for (const unsigned fourth : border_bytes)
                    check_same_as_twin(
                        std::array{static_cast<std::byte>(first), static_cast<std::byte>(second),
                                   static_cast<std::byte>(third), static_cast<std::byte>(fourth)});
}

BOOST_AUTO_TEST_CASE(a_wrong_byte_anywhere_in_ascii_is_found) {
    for (std::size_t size = 1; size <= 200; ++size)
        for (std::size_t at = 0; at < size; ++at) {
            byte_vector in(size, std::byte{'a'});
            in[at] = std::byte{0xFF};
            if (is_valid_utf8(in))
                BOOST_FAIL("missed at " << at << " of " << size);
            in[at] = std::byte{0xC3};  // half a code point
            if (is_valid_utf8(in))
                BOOST_FAIL("missed half a code point at " << at << " of " << size);
        }
}

BOOST_AUTO_TEST_CASE(ascii_inside_a_code_point_is_found_however_long) {
    for (const char* hex : {"c3", "e2", "e2 82", "f0 9f", "f0 9f 98"})
        for (std::size_t before = 0; before <= 70; ++before)
            for (std::size_t between = 1; between <= 90; ++between) {
                byte_vector front(before, std::byte{'a'});
                test::append(front, bytes(hex));
                const byte_vector ascii(between, std::byte{'b'});
                byte_vector whole = front;
                test::append(whole, ascii);
                utf8_validator at_once;
                utf8_validator in_parts;
                if (at_once.feed(whole) || !in_parts.feed(front) || in_parts.feed(ascii))
                    BOOST_FAIL("missed: " << test::to_hex(whole));
            }
}

BOOST_AUTO_TEST_CASE(any_two_cuts_give_the_same_as_the_whole) {
    std::mt19937 random(7);  // NOLINT(*-msc51-cpp): the same every time
    for (const bool broken : {false, true}) {
        byte_vector in = random_text(random, 120);
        if (broken)
            in[100] = std::byte{0xFF};
        for (std::size_t first = 0; first <= in.size(); ++first)
            for (std::size_t second = first; second <= in.size(); ++second) {
                utf8_validator validator;
                const std::span<const std::byte> all(in);
                const bool a = validator.feed(all.first(first));
                const bool b = validator.feed(all.subspan(first, second - first));
                const bool c = validator.feed(all.subspan(second));
                const std::size_t good = test::slow_utf8_accepted(in);
                if (a != (first <= good) || b != (second <= good) || c != (in.size() <= good) ||
                    validator.complete() == broken)
                    BOOST_FAIL("differs when cut at " << first << " and " << second);
            }
    }
}

BOOST_AUTO_TEST_CASE(random_text_with_one_byte_changed_is_judged_like_the_twin) {
    std::mt19937 random(8);  // NOLINT(*-msc51-cpp): the same every time
    for (int round = 0; round < 3000; ++round) {
        byte_vector in = random_text(random, 1 + random() % 300);
        if (!in.empty()) {
            BOOST_REQUIRE(is_valid_utf8(in));
            in[random() % in.size()] = static_cast<std::byte>(random() % 256);
        }
        check_same_as_twin(in);
    }
}

BOOST_AUTO_TEST_CASE(random_cuts_do_not_matter) {
    std::mt19937 random(9);  // NOLINT(*-msc51-cpp): the same every time
    for (int round = 0; round < 1000; ++round) {
        byte_vector in = random_text(random, 500);
        if (round % 2 == 1)
            in[random() % in.size()] ^= std::byte{0x80};
        utf8_validator fast;
        test::slow_utf8_validator slow;
        bool same = true;
        for (std::span<const std::byte> rest(in); !rest.empty();) {
            const auto part = rest.first(std::min<std::size_t>(rest.size(), random() % 90));
            rest = rest.subspan(part.size());
            same = same && fast.feed(part) == slow.feed(part) && fast.complete() == slow.complete();
        }
        BOOST_TEST(same);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
