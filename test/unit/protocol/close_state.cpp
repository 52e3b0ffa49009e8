// The table of the closing handshake (RFC 6455 §7.1), row by row.
#include "protocol/close_state.hpp"

#include <array>
#include <boost/test/unit_test.hpp>

namespace websock::protocol {
namespace {

using enum close_state;
using enum close_input;
using enum close_action;

constexpr std::array all_inputs{local_close,  peer_close, failure,
                                end_of_input, answered,   close_input::timeout};

bool is(close_step got, close_state next, close_action action) {
    return got == close_step{next, action};
}

BOOST_AUTO_TEST_SUITE(close_states)

BOOST_AUTO_TEST_CASE(we_begin_and_the_peer_answers) {
    BOOST_TEST(is(step(open, local_close), close_sent, send_close));
    BOOST_TEST(is(step(close_sent, peer_close), closed, finish));
}

// [6455-5.5.1-5]
BOOST_AUTO_TEST_CASE(the_peer_begins_and_we_answer_when_all_is_dealt_with) {
    BOOST_TEST(is(step(open, peer_close), close_received, announce));
    BOOST_TEST(is(step(close_received, answered), closed, send_close_finish));
    BOOST_TEST(is(step(close_received, local_close), closed, send_close_finish));
}

BOOST_AUTO_TEST_CASE(failing_sends_one_close) {
    BOOST_TEST(is(step(open, failure), failing, announce));
    BOOST_TEST(is(step(failing, answered), closed, send_close_finish));
    BOOST_TEST(is(step(failing, failure), failing, nothing));
}

BOOST_AUTO_TEST_CASE(without_input_no_close_is_sent) {
    BOOST_TEST(is(step(open, end_of_input), lost, announce));
    BOOST_TEST(is(step(lost, answered), closed, finish));
    BOOST_TEST(is(step(lost, local_close), closed, finish));
}

BOOST_AUTO_TEST_CASE(after_our_close_anything_ends_it_but_another_close) {
    BOOST_TEST(is(step(close_sent, local_close), close_sent, nothing));
    for (const close_input input : {failure, end_of_input, close_input::timeout}) {
        BOOST_TEST(is(step(close_sent, input), closed, finish));
    }
}

BOOST_AUTO_TEST_CASE(closed_is_final) {
    for (const close_input input : all_inputs) {
        BOOST_TEST(is(step(closed, input), closed, nothing));
    }
}

// Whatever the order of inputs: at most one Close is sent, and the end comes at most once.
BOOST_AUTO_TEST_CASE(every_interleaving_ends_once) {
    constexpr unsigned length = 6;
    unsigned combinations = 1;
    for (unsigned i = 0; i < length; ++i) {
        combinations *= static_cast<unsigned>(all_inputs.size());
    }
    for (unsigned n = 0; n < combinations; ++n) {
        close_state state = open;
        int closes = 0;
        int ends = 0;
        for (unsigned i = 0, rest = n; i < length; ++i, rest /= 6) {
            const close_step taken = step(state, all_inputs[rest % 6]);
            closes += taken.action == send_close || taken.action == send_close_finish ? 1 : 0;
            ends += taken.action == finish || taken.action == send_close_finish ? 1 : 0;
            BOOST_REQUIRE((ends == 1) == (taken.next == closed));
            state = taken.next;
        }
        BOOST_REQUIRE(closes <= 1);
        BOOST_REQUIRE(ends <= 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
