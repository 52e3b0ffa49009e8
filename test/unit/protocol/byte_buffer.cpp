#include <boost/test/unit_test.hpp>
#include <string>

#include "protocol/byte_buffer.hpp"

namespace websock::protocol {
namespace {

BOOST_AUTO_TEST_SUITE(byte_buffer_test)

// Assigning an empty string would keep what a large message took.
BOOST_AUTO_TEST_CASE(released_memory_is_gone) {
    std::string large(1 << 20, 'x');
    release_memory(large);
    BOOST_TEST(large.empty());
    BOOST_TEST(large.capacity() == std::string().capacity());
}

BOOST_AUTO_TEST_CASE(bytes_taken_from_the_back) {
    byte_buffer buffer;
    buffer.append(std::as_bytes(std::span("abcdef", 6)));
    buffer.drop_back(4);
    BOOST_TEST(buffer.size() == 2U);
    BOOST_TEST((buffer.bytes()[1] == std::byte{'b'}));
    buffer.release();
    BOOST_TEST(buffer.capacity() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
