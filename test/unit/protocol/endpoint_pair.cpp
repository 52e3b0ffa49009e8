// A client and a server endpoint joined in memory, under simulated time: whatever is sent comes
// out at the other end, in order, and the closing handshake ends both.
#include <boost/test/unit_test.hpp>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "protocol/endpoint.hpp"
#include "support/bytes.hpp"
#include "support/endpoint_script.hpp"

namespace websock::protocol {
namespace {

using namespace std::chrono_literals;

// One side with what it has received.
struct side {
    side(role r, const connection_options& options, key_source* keys, time_point now)
        : e(r, options, keys, now) {}

    endpoint e;
    std::vector<message> received;
    bool closed = false;
    int pings = 0;
    int pongs = 0;
};

class joined {
public:
    explicit joined(unsigned seed) : random_(seed) {}

    connection_options options;
    test::counting_keys keys;
    time_point now{100s};
    side client{role::client, options, &keys, now};
    side server{role::server, options, nullptr, now};

    // Moves some bytes one way, or all that are there.
    void move(side& from, side& to, bool all) {
        do {
            std::array<std::span<const std::byte>, 3> views;
            const std::size_t count = from.e.gather(views);
            if (count == 0) {
                return;
            }
            const std::size_t most = all ? views[0].size() : 1 + random_() % views[0].size();
            std::vector<std::byte> scratch(1024 + random_() % 4096);
            const auto room = to.e.prepare(scratch);
            const std::size_t n = std::min(most, room.size());
            std::ranges::copy(views[0].first(n), room.begin());
            from.e.consume_output(n, now);
            to.e.commit(n, now);
            take_events(to);
        } while (all);
    }

    void take_events(side& s) {
        for (event ev = s.e.next_event(); ev.kind != event_kind::none; ev = s.e.next_event()) {
            s.pings += ev.kind == event_kind::ping ? 1 : 0;
            s.pongs += ev.kind == event_kind::pong ? 1 : 0;
            s.closed = s.closed || ev.kind == event_kind::closed;
            if (ev.kind == event_kind::message) {
                s.received.push_back(s.e.take_message(ev));
            }
        }
    }

    void settle() {
        for (int i = 0; i < 10; ++i) {
            move(client, server, true);
            move(server, client, true);
        }
    }

    message random_message() {
        static constexpr std::size_t sizes[] = {0, 1, 20, 125, 126, 4096, 70'000};
        const std::size_t size = sizes[random_() % std::size(sizes)];
        std::string payload(size, ' ');
        for (char& c : payload) {
            c = static_cast<char>('a' + random_() % 26);
        }
        return {random_() % 2 == 0 ? message_kind::text : message_kind::binary, std::move(payload)};
    }

    std::minstd_rand& random() { return random_; }

private:
    std::minstd_rand random_;
};

BOOST_AUTO_TEST_SUITE(endpoint_pair)

// [6455-6.2-1, 6455-6.2-4]
BOOST_AUTO_TEST_CASE(round_trip_under_random_cuts_and_interleavings) {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        joined pair(seed);
        std::vector<message> to_server;
        std::vector<message> to_client;
        int pings = 0;
        for (int i = 0; i < 60; ++i) {
            switch (pair.random()() % 5) {
                case 0: {
                    to_server.push_back(pair.random_message());
                    BOOST_REQUIRE(!pair.client.e.send(message(to_server.back())));
                    break;
                }
                case 1: {
                    to_client.push_back(pair.random_message());
                    BOOST_REQUIRE(!pair.server.e.send(message_view(to_client.back())));
                    break;
                }
                case 2:
                    ++pings;
                    BOOST_REQUIRE(!pair.client.e.ping({}));
                    break;
                case 3:
                    pair.move(pair.client, pair.server, false);
                    break;
                default:
                    pair.move(pair.server, pair.client, false);
                    break;
            }
        }
        pair.settle();
        BOOST_TEST((pair.server.received == to_server));
        BOOST_TEST((pair.client.received == to_client));
        BOOST_TEST(pair.server.pings == pings);
        BOOST_TEST(pair.client.pongs == pings);

        pair.client.e.close(close_reason(close_code::normal, "done"));
        pair.settle();
        BOOST_TEST(pair.client.closed);
        BOOST_TEST(pair.server.closed);
        BOOST_TEST(pair.client.e.info().clean);
        BOOST_TEST(pair.server.e.info().clean);
        BOOST_TEST(pair.server.e.info().reason == "done");
        BOOST_TEST((pair.server.e.info().initiator == initiator::peer));
        BOOST_TEST((pair.client.e.info().initiator == initiator::local));
    }
}

BOOST_AUTO_TEST_CASE(closes_that_cross_are_both_clean) {
    joined pair(1);
    pair.client.e.close(close_reason(close_code::normal));
    pair.server.e.close(close_reason(close_code::going_away));
    pair.settle();
    BOOST_TEST(pair.client.closed);
    BOOST_TEST(pair.server.closed);
    BOOST_TEST(pair.client.e.info().clean);
    BOOST_TEST(pair.server.e.info().clean);
    BOOST_TEST((pair.client.e.info().code == close_code::normal));
    BOOST_TEST((pair.server.e.info().code == close_code::going_away));
}

BOOST_AUTO_TEST_CASE(an_idle_pair_lives_on_its_pings) {
    joined pair(1);
    for (int i = 0; i < 1000; ++i) {
        pair.now += 1s;
        for (side* const s : {&pair.client, &pair.server}) {
            if (s->e.deadline() && *s->e.deadline() <= pair.now) {
                s->e.on_timer(pair.now);
            }
        }
        pair.settle();
    }
    BOOST_TEST((pair.client.e.state() == close_state::open));
    BOOST_TEST((pair.server.e.state() == close_state::open));
    BOOST_TEST(pair.client.pings + pair.server.pings >= 38);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
