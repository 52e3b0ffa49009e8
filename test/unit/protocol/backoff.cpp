// Exponential back-off with full jitter: bounds that grow to the maximum, delays within them.
#include "protocol/backoff.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

namespace websock::protocol {
namespace {

using std::chrono::milliseconds;
using counts = std::vector<std::int64_t>;

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

/// The bounds of the first delays.
counts bounds(const backoff_settings& settings, int how_many) {
    protocol::backoff delays(settings);
    counts result;
    for (int i = 0; i < how_many; ++i) {
        result.push_back(delays.bound().count());
        static_cast<void>(delays.next(0));
    }
    return result;
}

BOOST_AUTO_TEST_SUITE(backoff)

BOOST_AUTO_TEST_CASE(bounds_grow_by_the_factor_up_to_the_maximum) {
    BOOST_TEST(bounds({milliseconds(100), 2, milliseconds(1000)}, 6) ==
               (counts{100, 200, 400, 800, 1000, 1000}));
    BOOST_TEST(bounds({milliseconds(100), 10, milliseconds(1000)}, 3) == (counts{100, 1000, 1000}));
}

BOOST_AUTO_TEST_CASE(the_default_begins_at_half_a_second_and_ends_at_thirty) {
    BOOST_TEST(bounds({}, 8) == (counts{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000}));
}

// Were bounds whole milliseconds, 1 ms would stay 1 ms.
BOOST_AUTO_TEST_CASE(small_bounds_grow_by_small_factors) {
    BOOST_TEST(bounds({milliseconds(1), 1.5, milliseconds(10)}, 7) ==
               (counts{1, 1, 2, 3, 5, 7, 10}));
}

BOOST_AUTO_TEST_CASE(delays_are_from_zero_to_the_bound_both_included) {
    protocol::backoff delays({milliseconds(100), 1, milliseconds(100)});
    std::vector<bool> met(101, false);
    for (std::uint64_t random = 0; random < 202; ++random) {
        const auto delay = delays.next(random * 0x9E3779B97F4A7C15U + random);
        BOOST_REQUIRE((delay >= milliseconds(0) && delay <= milliseconds(100)));
    }
    for (std::uint64_t random = 0; random < 101; ++random)
        met[static_cast<std::size_t>(delays.next(random).count())] = true;
    BOOST_TEST(met == std::vector<bool>(101, true));
    BOOST_TEST((delays.next(largest) <= milliseconds(100)));
}

BOOST_AUTO_TEST_CASE(the_first_delay_is_within_the_initial_bound) {
    protocol::backoff delays({milliseconds(100), 10, milliseconds(1000)});
    BOOST_TEST(delays.next(100).count() == 100);
    BOOST_TEST(delays.next(1000).count() == 1000);
    BOOST_TEST(delays.next(1001).count() == 0);
}

BOOST_AUTO_TEST_CASE(reset_begins_again) {
    protocol::backoff delays({milliseconds(100), 2, milliseconds(1000)});
    for (int i = 0; i < 5; ++i)
        static_cast<void>(delays.next(0));
    BOOST_TEST(delays.bound().count() == 1000);
    delays.reset();
    BOOST_TEST(delays.bound().count() == 100);
    static_cast<void>(delays.next(0));
    BOOST_TEST(delays.bound().count() == 200);
}

BOOST_AUTO_TEST_CASE(a_maximum_under_the_initial_delay_bounds_it) {
    BOOST_TEST(bounds({milliseconds(500), 2, milliseconds(20)}, 3) == (counts{20, 20, 20}));
}

BOOST_AUTO_TEST_CASE(no_delay_stays_no_delay) {
    BOOST_TEST(bounds({milliseconds(0), 2, milliseconds(1000)}, 3) == (counts{0, 0, 0}));
    BOOST_TEST(bounds({milliseconds(10), 2, milliseconds(0)}, 3) == (counts{0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(senseless_settings_do_the_nearest_sensible_thing) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    BOOST_TEST(bounds({milliseconds(-5), 2, milliseconds(1000)}, 2) == (counts{0, 0}));
    BOOST_TEST(bounds({milliseconds(5), 2, milliseconds(-1)}, 2) == (counts{0, 0}));
    BOOST_TEST(bounds({milliseconds(5), 0.5, milliseconds(1000)}, 3) == (counts{5, 5, 5}));
    BOOST_TEST(bounds({milliseconds(5), -2, milliseconds(1000)}, 3) == (counts{5, 5, 5}));
    BOOST_TEST(bounds({milliseconds(5), nan, milliseconds(1000)}, 3) == (counts{5, 5, 5}));
    BOOST_TEST(bounds({milliseconds(5), infinite, milliseconds(1000)}, 2) == (counts{5, 1000}));
    BOOST_TEST(bounds({milliseconds(0), infinite, milliseconds(1000)}, 2) == (counts{0, 1000}));
}

BOOST_AUTO_TEST_CASE(the_largest_settings_overflow_nothing) {
    protocol::backoff delays({milliseconds::max(), 1e300, milliseconds::max()});
    constexpr milliseconds year = std::chrono::hours(24 * 365);
    for (const std::uint64_t random : {std::uint64_t{0}, largest, largest / 2, largest}) {
        const milliseconds delay = delays.next(random);
        BOOST_TEST((delay >= milliseconds(0) && delay <= year));
    }
    // What a caller does with it.
    BOOST_TEST(
        (std::chrono::steady_clock::now() + delays.bound() > std::chrono::steady_clock::now()));
    protocol::backoff long_lived({milliseconds(1), 2, milliseconds::max()});
    for (int i = 0; i < 5000; ++i)
        static_cast<void>(long_lived.next(largest));
    BOOST_TEST((long_lived.bound() == year));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
