// The coroutines of the net layer, and what waits on their behalf.
#include "net/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace websock::net;

namespace {

using timer_type = asio::steady_timer;

/// What became of a coroutine that waits.
struct outcome {
    int resumed = 0;
    error_code ec;
    std::string thrown;
    bool destroyed = false;
};

struct note_end {
    outcome& of;
    ~note_end() { of.destroyed = true; }
};

struct turns {
    timer_type& timer;
    const std::function<bool()>& turn;

    timer_operation<timer_type> wait() const noexcept { return timer_operation(timer); }
    bool take_turn() const { return turn(); }
};

task<error_code> wait_again_and_again(timer_type& timer, const std::function<bool()>& turn) {
    turns its{timer, turn};
    co_return co_await repeated_wait(its);
}

detached wait_with(timer_type& timer, const std::function<bool()>& turn, outcome& result) {
    const note_end at_end{result};
    try {
        result.ec = co_await wait_again_and_again(timer, turn);
        ++result.resumed;
        // What follows has no turns.
        timer.expires_after(std::chrono::milliseconds(1));
        static_cast<void>(co_await timer_operation(timer));
        ++result.resumed;
    } catch (const std::runtime_error& error) {
        result.thrown = error.what();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(repeated_waits)

BOOST_AUTO_TEST_CASE(turns_run_until_one_says_no) {
    asio::io_context context;
    timer_type timer(context, std::chrono::seconds(0));
    outcome result;
    int turns = 0;
    const std::function<bool()> turn = [&] {
        BOOST_TEST(result.resumed == 0);
        return ++turns < 100;
    };
    wait_with(timer, turn, result);
    BOOST_TEST(turns == 0);  // not in the call
    context.run();
    BOOST_TEST(turns == 100);
    BOOST_TEST(result.resumed == 2);
    BOOST_TEST(result.ec == error_code());
    BOOST_TEST(result.destroyed);
}

BOOST_AUTO_TEST_CASE(a_failed_wait_is_the_coroutines) {
    asio::io_context context;
    timer_type timer(context, std::chrono::seconds(0));
    outcome result;
    int turns = 0;
    const std::function<bool()> turn = [&] {
        timer.expires_after(std::chrono::hours(1));
        asio::post(context, [&] { timer.cancel(); });
        return ++turns > 0;
    };
    wait_with(timer, turn, result);
    context.run();
    BOOST_TEST(turns == 1);
    BOOST_TEST(result.ec == asio::error::operation_aborted);
    BOOST_TEST(result.resumed == 2);
}

BOOST_AUTO_TEST_CASE(an_exception_is_the_coroutines) {
    asio::io_context context;
    timer_type timer(context, std::chrono::seconds(0));
    outcome result;
    int turns = 0;
    const std::function<bool()> turn = [&]() -> bool {
        if (++turns == 3) {
            throw std::runtime_error("third");
        }
        return true;
    };
    wait_with(timer, turn, result);
    context.run();
    BOOST_TEST(turns == 3);
    BOOST_TEST(result.thrown == "third");
    BOOST_TEST(result.resumed == 0);
    BOOST_TEST(result.destroyed);
}

/// Waits by a timer, once there is memory for it.
class scarce_wait : public operation<scarce_wait> {
public:
    scarce_wait(timer_type& timer, int& left) noexcept : timer_(timer), left_(left) {}
    void start(resume_handler handler) {
        if (left_-- == 0) {
            throw std::bad_alloc();
        }
        timer_.async_wait(std::move(handler));
    }

private:
    timer_type& timer_;
    int& left_;
};

struct scarce_turns {
    timer_type& timer;
    int& left;

    scarce_wait wait() const noexcept { return {timer, left}; }
    static bool take_turn() { return true; }
};

detached wait_while_there_is_memory(timer_type& timer, int& left, bool repeated, outcome& result) {
    const note_end at_end{result};
    scarce_turns its{timer, left};
    try {
        for (;;) {
            ++result.resumed;
            if (repeated) {
                static_cast<void>(co_await repeated_wait(its));
            } else {
                static_cast<void>(co_await scarce_wait(timer, left));
            }
        }
    } catch (const std::bad_alloc&) {
        result.thrown = "bad_alloc";
    }
    // It can go on.
    static_cast<void>(co_await timer_operation(timer));
    ++result.resumed;
}

BOOST_DATA_TEST_CASE(want_of_memory_is_the_coroutines,
                     boost::unit_test::data::make({false, true}) *
                         boost::unit_test::data::make({0, 1, 5}),
                     repeated, enough_for) {
    asio::io_context context;
    timer_type timer(context, std::chrono::seconds(0));
    outcome result;
    int left = enough_for;
    wait_while_there_is_memory(timer, left, repeated, result);
    context.run();
    BOOST_TEST(result.thrown == "bad_alloc");
    BOOST_TEST(result.resumed == (repeated ? 2 : enough_for + 2));
    BOOST_TEST(result.destroyed);
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_executor) {
    outcome result;
    const std::function<bool()> turn = [] { return true; };
    {
        asio::io_context context;
        timer_type timer(context, std::chrono::hours(1));
        wait_with(timer, turn, result);
        context.poll();
        BOOST_TEST(!result.destroyed);
        // The timer goes first; the handler of its wait goes with the executor.
    }
    BOOST_TEST(result.destroyed);
    BOOST_TEST(result.resumed == 0);
}

BOOST_AUTO_TEST_SUITE_END()
