// keep_connected(): when it connects again and when it stops.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/reconnect_course.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::answers;
using test::closes_with;
using test::course;
using test::follow;
using test::follow_steps;
using test::raw_server_peer;
using test::receive_all;
using test::refusing_url;
using test::soon;

BOOST_AUTO_TEST_SUITE(reconnect)

// ---- the server's end

BOOST_AUTO_TEST_CASE(stops_when_the_server_is_done) {
    course seen = follow_steps({closes_with(1000)});
    BOOST_TEST(seen.attempts == "1 open");
    BOOST_TEST(seen.end == "1000 peer clean");
    seen = follow_steps({closes_with(1008)});
    BOOST_TEST(seen.attempts == "1 open");
    BOOST_TEST(seen.end == "1008 peer clean");
}

BOOST_AUTO_TEST_CASE(unless_it_is_asked_to_go_on) {
    reconnect_options retry = soon();
    retry.retry_after_normal = true;
    course seen = follow_steps({closes_with(1000), closes_with(1000), closes_with(1008)}, retry);
    BOOST_TEST(seen.all.size() == 3U);
    BOOST_TEST(seen.end == "1008 peer clean");
    retry = soon();
    retry.retry_after_policy_error = true;
    seen = follow_steps({closes_with(1008), closes_with(1000)}, retry);
    BOOST_TEST(seen.all.size() == 2U);
    BOOST_TEST(seen.end == "1000 peer clean");
}

BOOST_AUTO_TEST_CASE(goes_on_after_any_other_end) {
    const course seen = follow_steps({
        closes_with(1011),
        closes_with(1001),
        closes_with(1012),
        closes_with(4000),
        [](raw_server_peer& peer) {
            peer.upgrade();
            peer.reset();
        },
        [](raw_server_peer& peer) {
            peer.upgrade();
            static_cast<void>(peer.finish());
        },
        [](raw_server_peer& peer) {  // a fault of the server's
            peer.upgrade();
            peer.send_bytes(test::text_frame("masked"));
            static_cast<void>(peer.next());
            static_cast<void>(peer.finish());
        },
        [](raw_server_peer& peer) {  // a Close without a code is as normal as 1000
            peer.upgrade();
            peer.send_bytes(test::server_frame(8, ""));
            static_cast<void>(peer.next());
            static_cast<void>(peer.finish());
        },
    });
    BOOST_TEST(seen.all.size() == 8U, seen.attempts);
    BOOST_TEST(seen.end == "1005 peer clean");
}

BOOST_AUTO_TEST_CASE(goes_on_after_a_silent_server) {
    client_options options;
    options.connection.idle_timeout = 30ms;
    options.connection.close_timeout = 30ms;
    const auto silent = [](raw_server_peer& peer) {
        peer.upgrade();
        while (peer.next() != "end") {
        }
    };
    const course seen = follow_steps({silent, closes_with(1000)}, soon(), receive_all, options);
    BOOST_TEST(seen.all.size() == 2U, seen.attempts);
    BOOST_TEST(seen.end == "1000 peer clean");
}

// ---- connecting

BOOST_AUTO_TEST_CASE(goes_on_after_failures) {
    const course seen = follow_steps({
        answers(503),
        answers(500),
        [](raw_server_peer& peer) { peer.reset(); },
        [](raw_server_peer& peer) {
            static_cast<void>(peer.read_head());
            peer.send_bytes("garbage");
        },
        closes_with(1000),
    });
    BOOST_TEST(seen.attempts ==
               "1 failed 503 again | 2 failed 500 again | 3 failed again | "
               "4 failed again | 5 open");
    BOOST_TEST(seen.end == "1000 peer clean");
}

BOOST_DATA_TEST_CASE(stops_at_a_refusal, data::make({301, 302, 400, 401, 403, 404, 426, 429, 499}),
                     status) {
    const auto refusal = static_cast<unsigned>(status);
    course seen = follow_steps({answers(refusal)});
    BOOST_TEST(seen.attempts == "1 failed " + std::to_string(status));
    BOOST_TEST(seen.end == "connect_error " + std::to_string(status));
    reconnect_options retry = soon();
    retry.retry_after_refusal = true;
    seen = follow_steps({answers(refusal), closes_with(1000)}, retry);
    BOOST_TEST(seen.attempts == "1 failed " + std::to_string(status) + " again | 2 open");
}

BOOST_AUTO_TEST_CASE(stops_at_once_where_nothing_can_be_sent) {
    const course seen = test::run(follow("http://localhost/", receive_all, {}, soon()));
    BOOST_TEST(seen.attempts == "1 failed");
    BOOST_TEST(seen.end == "connect_error 0");
    client_options options;
    options.connection.deflate.level = 0;
    BOOST_TEST(test::run(follow("ws://127.0.0.1:1/", receive_all, options, soon()))
                   .end.find("deflate.level") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stops_after_so_many_attempts) {
    reconnect_options retry = soon();
    retry.max_attempts = 3;
    course seen = test::run(follow(refusing_url(), receive_all, {}, retry));
    BOOST_TEST(seen.attempts == "1 failed again | 2 failed again | 3 failed");
    BOOST_TEST(seen.end == "connect_error 0");
    BOOST_TEST(seen.all.back().ec == asio::error::connection_refused);
    retry.max_attempts = 1;
    seen = test::run(follow(refusing_url(), receive_all, {}, retry));
    BOOST_TEST(seen.attempts == "1 failed");
}

BOOST_AUTO_TEST_CASE(only_failures_in_a_row_count) {
    reconnect_options retry = soon();
    retry.max_attempts = 2;
    const course seen = follow_steps({answers(503), closes_with(1011), answers(503),
                                      closes_with(1011), answers(503), closes_with(1000)},
                                     retry);
    BOOST_TEST(seen.all.size() == 6U, seen.attempts);
    BOOST_TEST(seen.end == "1000 peer clean");
}

BOOST_AUTO_TEST_CASE(delays_are_random_under_a_growing_bound) {
    reconnect_options retry;
    retry.initial_delay = 1ms;
    retry.factor = 2;
    retry.max_delay = 6ms;
    retry.max_attempts = 25;
    const course seen = test::run(follow(refusing_url(), receive_all, {}, retry));
    BOOST_REQUIRE(seen.all.size() == 25U);
    std::chrono::milliseconds bound = 1ms;
    std::chrono::milliseconds least = 1h;
    std::chrono::milliseconds most = 0ms;
    for (std::size_t i = 0; i < 24; ++i) {
        const auto delay = seen.all[i].delay.value();
        BOOST_TEST(delay.count() >= 0);
        BOOST_TEST(delay.count() <= bound.count());
        bound = std::min<std::chrono::milliseconds>(bound * 2, 6ms);
        least = std::min(least, delay);
        most = std::max(most, delay);
    }
    BOOST_TEST(most.count() > least.count());
}

// ---- numbers

awaitable<void> last(connection peer) {
    co_await test::pause_for(30ms);
    co_await receive_all(std::move(peer));
}

BOOST_AUTO_TEST_CASE(a_connection_that_lasted_begins_anew) {
    const course seen = follow_steps(
        {answers(503), answers(503), closes_with(1011), answers(503), closes_with(1000)}, soon(),
        last);
    BOOST_TEST(seen.attempts ==
               "1 failed 503 again | 2 failed 503 again | 3 open | "
               "1 failed 503 again | 2 open");
}

BOOST_AUTO_TEST_CASE(one_that_did_not_last_goes_on) {
    reconnect_options retry;
    retry.initial_delay = 700ms;  // longer than the connection lasts
    retry.factor = 1;
    const course seen = follow_steps({answers(503), closes_with(1011), closes_with(1000)}, retry);
    BOOST_TEST(seen.attempts == "1 failed 503 again | 2 open | 3 open");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
