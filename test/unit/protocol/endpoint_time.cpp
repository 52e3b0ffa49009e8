// The endpoint's deadlines (pings, idleness, the peer's Close) under simulated time.
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "protocol/endpoint.hpp"
#include "support/bytes.hpp"
#include "support/endpoint_script.hpp"

namespace websock::protocol {
namespace {

using namespace std::chrono_literals;
using test::bytes;
using test::cuts;

constexpr time_point start{1000s};

connection_options usual() {
    connection_options options;
    options.ping_interval = 25s;
    options.idle_timeout = 60s;
    options.close_timeout = 5s;
    return options;
}

BOOST_AUTO_TEST_SUITE(endpoint_time)

BOOST_AUTO_TEST_CASE(silence_is_pinged_and_then_ends_the_connection) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, start);
    BOOST_TEST((e.deadline() == start + 25s));
    e.on_timer(start + 24s);
    BOOST_TEST(e.output_size() == 0U);
    e.on_timer(start + 25s);
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "89 00");
    BOOST_TEST((e.deadline() == start + 50s));
    e.on_timer(start + 50s);
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "89 00");
    BOOST_TEST((e.deadline() == start + 60s));
    e.on_timer(start + 60s);
    BOOST_TEST(test::run_events(e, test::reaction::silent) == "closing closed ");
    BOOST_TEST(e.info().ec == make_error_code(error::idle_timeout));
    BOOST_TEST((e.info().code == close_code::going_away));
    BOOST_TEST(test::to_hex(test::drain_output(e)).starts_with("88"));
    BOOST_TEST(!e.deadline().has_value());
}

BOOST_AUTO_TEST_CASE(any_byte_counts_as_life) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, start);
    test::feed(e, bytes("81"), cuts::whole(), test::reaction::silent, start + 20s);
    BOOST_TEST((e.deadline() == start + 45s));
    e.on_timer(start + 45s);
    BOOST_TEST(test::drain_output(e).size() == 2U);
    BOOST_TEST((e.deadline() == start + 70s));
    e.commit(0, start + 50s);  // nothing was read
    BOOST_TEST((e.deadline() == start + 70s));
}

BOOST_AUTO_TEST_CASE(silence_is_not_counted_while_reading_is_paused) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, start);
    e.pause_input(true, start + 1s);
    BOOST_TEST((e.deadline() == start + 25s));  // but pings go on, to find a peer that is gone
    e.on_timer(start + 500s);
    BOOST_TEST((e.state() == close_state::open));
    BOOST_TEST(test::to_hex(test::drain_output(e)) == "89 00");
    e.pause_input(false, start + 500s);
    BOOST_TEST((e.deadline() == start + 525s));
}

BOOST_AUTO_TEST_CASE(no_ping_piles_up_while_writes_are_refused) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, start);
    BOOST_TEST(!e.send(message_view("stuck")));
    e.set_write_blocked(true);
    const std::size_t before = e.output_size();
    e.on_timer(start + 25s);
    BOOST_TEST(e.output_size() == before);
    e.note_alive(start + 59s);
    e.on_timer(start + 60s);
    BOOST_TEST((e.state() == close_state::open));
}

BOOST_AUTO_TEST_CASE(a_close_that_is_not_answered_times_out_after_it_has_left) {
    const connection_options options = usual();
    endpoint e(role::server, options, nullptr, start);
    e.close(close_reason());
    BOOST_TEST(!e.deadline().has_value());  // it is still queued
    test::drain_output(e, start + 10s);
    BOOST_TEST((e.deadline() == start + 15s));
    e.on_timer(start + 14s);
    BOOST_TEST((e.next_event().kind == event_kind::none));
    e.on_timer(start + 15s);
    BOOST_TEST((e.next_event().kind == event_kind::closed));
    BOOST_TEST(e.info().ec == make_error_code(error::close_timeout));
    BOOST_TEST(!e.info().clean);
    BOOST_TEST((e.info().initiator == initiator::local));
}

BOOST_AUTO_TEST_CASE(zero_switches_a_timeout_off) {
    connection_options options = usual();
    options.ping_interval = 0s;
    options.idle_timeout = 0s;
    options.close_timeout = 0s;
    endpoint e(role::server, options, nullptr, start);
    BOOST_TEST(!e.deadline().has_value());
    e.on_timer(start + 1000h);
    BOOST_TEST((e.state() == close_state::open));
    e.close(close_reason());
    test::drain_output(e, start);
    BOOST_TEST(!e.deadline().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
