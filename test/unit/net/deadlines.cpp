// Many deadlines on one timer: each target is called when it is due, in order, and a target that
// asks for the past does not stop the world.
#include "net/deadlines.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>
#include <thread>
#include <vector>

namespace websock::net {
namespace {

using namespace std::chrono_literals;
using executor = boost::asio::io_context::executor_type;
using queue = deadline_queue<executor>;

struct target final : deadline_target {
    void on_deadline(time_point now) override {
        ++calls;
        last = now;
        if (then) {
            then(now);
        }
    }
    int calls = 0;
    time_point last;
    std::function<void(time_point)> then;
};

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(each_is_called_once_not_before_its_time) {
    boost::asio::io_context context(1);
    const auto all = std::make_shared<queue>(context.get_executor());
    std::minstd_rand random(3);
    const time_point start = std::chrono::steady_clock::now();
    std::vector<target> targets(200);
    std::vector<time_point> due;
    for (target& each : targets) {
        due.push_back(start + std::chrono::milliseconds(random() % 50));
        all->schedule(each, due.back() + 20ms);
        all->schedule(each, due.back());  // the earlier one counts
        all->schedule(each, due.back() + 100ms);
    }
    for (std::size_t i = 0; i < targets.size(); i += 3) {
        all->remove(targets[i]);
        all->remove(targets[i]);
    }
    context.run();
    for (std::size_t i = 0; i < targets.size(); ++i) {
        BOOST_TEST(targets[i].calls == (i % 3 == 0 ? 0 : 1));
        BOOST_TEST((i % 3 == 0 || targets[i].last >= due[i]));
    }
}

BOOST_AUTO_TEST_CASE(asking_for_the_past_lets_other_work_run) {
    boost::asio::io_context context(1);
    const auto all = std::make_shared<queue>(context.get_executor());
    target stubborn;
    bool other_work = false;
    stubborn.then = [&](time_point now) {
        if (!other_work) {
            all->schedule(stubborn, now - 1s);
        }
    };
    all->schedule(stubborn, std::chrono::steady_clock::now());
    boost::asio::post(context, [&] { boost::asio::post(context, [&] { other_work = true; }); });
    context.run_for(10s);
    BOOST_TEST(other_work);
    BOOST_TEST(context.stopped());
}

BOOST_AUTO_TEST_CASE(an_empty_queue_keeps_no_context_running) {
    boost::asio::io_context context(1);
    const auto all = std::make_shared<queue>(context.get_executor());
    target far;
    all->schedule(far, std::chrono::steady_clock::now() + 1h);
    all->remove(far);
    context.run_for(10s);
    BOOST_TEST(context.stopped());
    BOOST_TEST(far.calls == 0);
}

BOOST_AUTO_TEST_CASE(a_queue_that_goes_first_calls_nobody) {
    boost::asio::io_context context(1);
    auto all = std::make_shared<queue>(context.get_executor());
    target never;
    all->schedule(never, std::chrono::steady_clock::now());
    std::this_thread::sleep_for(2ms);  // due before anybody looks
    all.reset();
    context.run_for(10s);
    BOOST_TEST(never.calls == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
