// The inbox: first in, first out, with a true count of its bytes.
#include "net/inbox.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

namespace websock::net {
namespace {

BOOST_AUTO_TEST_SUITE(inboxes)

BOOST_AUTO_TEST_CASE(keeps_order_and_counts_bytes) {
    inbox box;
    std::minstd_rand random(1);
    int pushed = 0;
    int popped = 0;
    std::size_t payload_bytes = 0;
    for (int i = 0; i < 5000; ++i) {
        if (random() % 100 < 55 || box.empty()) {
            std::string payload = std::to_string(pushed++) + std::string(random() % 50, ' ');
            payload_bytes += payload.size();
            box.push(message(std::move(payload)));
        } else {
            const message next = box.pop();
            BOOST_REQUIRE(std::stoi(std::string(next.text())) == popped++);
            payload_bytes -= next.size();
        }
        BOOST_REQUIRE(box.bytes() ==
                      payload_bytes + static_cast<std::size_t>(pushed - popped) * inbox::overhead);
        BOOST_REQUIRE(box.empty() == (pushed == popped));
    }
    box.clear();
    BOOST_TEST(box.empty());
    BOOST_TEST(box.bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
