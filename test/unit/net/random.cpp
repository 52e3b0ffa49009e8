// Masking keys and nonces: not what a counter, a constant or a generator that each thread seeds the
// same way would give. (That they cannot be foretold is OpenSSL's promise.)
#include "net/random.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <future>
#include <set>
#include <vector>

namespace websock::net {
namespace {

using protocol::masking_key;

// More than are drawn at a time.
std::vector<masking_key> draw_keys() {
    std::vector<masking_key> keys(2000);
    std::ranges::generate(keys, [] { return random_keys().next_key(); });
    return keys;
}

std::size_t count_different(const std::vector<masking_key>& keys) {
    return std::set<masking_key>(keys.begin(), keys.end()).size();
}

BOOST_AUTO_TEST_SUITE(random_bytes)

// Of 2000 keys two are the same once in 2000 runs, ten are never.
// [6455-5.3-3, 6455-5.3-4, 6455-10.3-1]
BOOST_AUTO_TEST_CASE(each_key_is_a_new_one) {
    const std::vector<masking_key> keys = draw_keys();
    BOOST_TEST(count_different(keys) > keys.size() - 10);
    for (std::size_t i = 0; i < 4; ++i) {
        std::set<std::byte> octets;
        std::set<unsigned> steps;
        for (std::size_t k = 1; k < keys.size(); ++k) {
            octets.insert(keys[k][i]);
            steps.insert((std::to_integer<unsigned>(keys[k][i]) -
                          std::to_integer<unsigned>(keys[k - 1][i])) &
                         0xFFU);
        }
        BOOST_TEST(octets.size() > 200U);
        BOOST_TEST(steps.size() > 200U);
    }
}

// [6455-5.3-3, 6455-5.3-4]
BOOST_AUTO_TEST_CASE(threads_draw_different_keys) {
    auto elsewhere = std::async(std::launch::async, draw_keys);
    std::vector<masking_key> keys = draw_keys();
    const std::vector<masking_key> others = elsewhere.get();
    keys.insert(keys.end(), others.begin(), others.end());
    BOOST_TEST(count_different(keys) > keys.size() - 10);
}

// [6455-4.1-26]
BOOST_AUTO_TEST_CASE(each_nonce_is_a_new_one) {
    std::set<std::array<std::byte, 16>> nonces;
    for (int i = 0; i < 1000; ++i) {
        nonces.insert(random_nonce());
    }
    BOOST_TEST(nonces.size() == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
