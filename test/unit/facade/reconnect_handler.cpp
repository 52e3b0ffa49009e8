// keep_connected(): the handler's part in it, and cancelling.
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
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
using test::follow_steps;
using test::raw_server;
using test::raw_server_peer;
using test::receive_all;
using test::refusing_url;
using test::soon;
using test::stepped_server;
using test::to_text;
using test::waits;

BOOST_AUTO_TEST_SUITE(reconnect_handler)

// ---- the handler

BOOST_AUTO_TEST_CASE(stops_when_the_handler_returns) {
    test::journal log;
    const auto enough = [](connection peer) -> awaitable<void> {
        message done("done");
        co_await peer.send(std::move(done));
    };
    const auto close = [&log](raw_server_peer& peer) {
        peer.upgrade();
        log.add(peer.next());
        log.add(peer.next());
        peer.send_bytes(test::server_close(1000));
        log.add(peer.finish());
    };
    const course seen = follow_steps({close}, soon(), enough);
    BOOST_TEST(seen.attempts == "1 open");
    BOOST_TEST(seen.end == "1000 local clean");
    BOOST_TEST(log.wait(3) == "text(done) | close(1000) | end");
}

BOOST_AUTO_TEST_CASE(stops_when_the_handler_closes) {
    test::journal log;
    const auto close = [](connection peer) -> awaitable<void> {
        close_reason reason(4001, "mine");
        co_await peer.close(std::move(reason));
    };
    const course seen = follow_steps({waits(log)}, soon(), close);
    BOOST_TEST(seen.attempts == "1 open");
    BOOST_TEST(seen.end == "4001 mine local clean");
}

BOOST_DATA_TEST_CASE(the_options_go_to_every_connection, data::make({false, true}), serial) {
    int own = 0;
    const auto look = [&own](connection peer) -> awaitable<void> {
        own += peer.get_executor() == co_await asio::this_coro::executor ? 1 : 0;
        co_await receive_all(std::move(peer));
    };
    client_options options;
    options.executor_is_serial = serial;
    const course seen =
        follow_steps({closes_with(1011), answers(503), closes_with(1000)}, soon(), look, options);
    BOOST_TEST(seen.end == "1000 peer clean");
    BOOST_TEST(own == (serial ? 2 : 0));
}

// It was the handler that wanted the end, whether or not the server takes part in it.
BOOST_DATA_TEST_CASE(stops_though_the_server_does_not_answer, data::make({false, true}), reset) {
    const auto handler = [](connection) -> awaitable<void> { co_return; };
    const auto no_answer = [reset](raw_server_peer& peer) {
        peer.upgrade();
        static_cast<void>(peer.next());
        if (reset) {
            peer.reset();
        } else {
            static_cast<void>(peer.next());
        }
    };
    client_options options;
    options.connection.close_timeout = 30ms;
    const course seen = follow_steps({no_answer, closes_with(1000)}, soon(), handler, options);
    BOOST_TEST(seen.attempts == "1 open");
    BOOST_TEST(seen.end.starts_with("1000 local unclean: "), seen.end);
}

// 1011 is also the code that a connection would be failed with, for an error of no other kind.
BOOST_DATA_TEST_CASE(stops_whatever_code_the_handler_closes_with,
                     data::make({1002, 1007, 1009, 1011, 4000}), code) {
    const auto close = [code](connection peer) -> awaitable<void> {
        close_reason reason(static_cast<std::uint16_t>(code));
        co_await peer.close(std::move(reason));
    };
    const auto no_answer = [](raw_server_peer& peer) {
        peer.upgrade();
        static_cast<void>(peer.next());
        static_cast<void>(peer.next());
    };
    client_options options;
    options.connection.close_timeout = 30ms;
    const course seen = follow_steps({no_answer, closes_with(1000)}, soon(), close, options);
    BOOST_TEST(seen.attempts == "1 open");
}

BOOST_AUTO_TEST_CASE(what_the_handler_throws_goes_on) {
    test::journal log;
    const auto failing = [](connection) -> awaitable<void> {
        throw std::runtime_error("the handler's own");
        co_return;
    };
    const course seen = follow_steps({waits(log)}, soon(), failing);
    BOOST_TEST(seen.attempts == "1 open");
    BOOST_TEST(seen.end == "the handler's own");
    BOOST_TEST(log.wait(1) == "close(1011) end");
}

BOOST_AUTO_TEST_CASE(what_the_callback_throws_goes_on) {
    test::journal log;
    reconnect_options retry = soon();
    retry.on_attempt = [](const connect_attempt& attempt) {
        if (attempt.number == 2) {
            throw std::runtime_error("the callback's own");
        }
    };
    const course seen = follow_steps({answers(503), waits(log)}, retry);
    BOOST_TEST(seen.end == "the callback's own");
    BOOST_TEST(log.wait(1) == "close(1000) end");
}

// Temporaries within the awaiting expression, as users write them (g++ 12, under ASan).
awaitable<std::string> natural(std::string url) {
    std::string seen = "a text that is too long to be short";
    reconnect_options retry = soon();
    const close_info end = co_await keep_connected(
        url,
        [&seen](connection peer) -> awaitable<void> {
            while (const auto next = co_await peer.receive()) {
                seen += next->text();
            }
        },
        client_options(), retry);
    co_return seen + " " + to_text(end);
}

BOOST_AUTO_TEST_CASE(the_handler_may_be_a_temporary) {
    const stepped_server server({closes_with(1011), closes_with(1000)});
    BOOST_TEST(test::run(natural(server.url())).ends_with(" 1000 peer clean"));
}

// ---- cancellation

/// Cancels when `now` says so; how it ends.
std::string cancelled(const std::string& url, reconnect_options retry,
                      const std::function<bool()>& now) {
    asio::io_context context(1);
    asio::cancellation_signal signal;
    std::string end;
    int attempts = 0;
    retry.on_attempt = [&attempts](const connect_attempt&) { ++attempts; };
    asio::co_spawn(context, keep_connected(url, receive_all, {}, retry),
                   asio::bind_cancellation_slot(
                       signal.slot(), [&end](const std::exception_ptr& e, const close_info& info) {
                           try {
                               if (e) {
                                   std::rethrow_exception(e);
                               }
                               end = to_text(info);
                           } catch (const boost::system::system_error& failure) {
                               end = failure.code().message();
                           }
                       }));
    BOOST_TEST(test::eventually([&] { return context.poll(), now() || attempts > 0; }));
    signal.emit(asio::cancellation_type::terminal);
    context.run_for(test::patience);
    BOOST_TEST(context.stopped());
    return end;
}

const std::string aborted = error_code(asio::error::operation_aborted).message();

BOOST_AUTO_TEST_CASE(is_cancelled_while_it_waits) {
    reconnect_options retry;
    retry.initial_delay = 1000h;  // nothing less than patience, or once in 180,000 runs
    retry.max_delay = 1000h;
    BOOST_TEST(cancelled(refusing_url(), retry, [] { return false; }) == aborted);
}

BOOST_AUTO_TEST_CASE(is_cancelled_while_it_connects) {
    std::atomic<bool> arrived{false};
    raw_server server([&arrived](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        arrived = true;
        static_cast<void>(peer.next());
    });
    BOOST_TEST(cancelled(server.url(), soon(), [&] { return arrived.load(); }) == aborted);
}

BOOST_AUTO_TEST_CASE(is_cancelled_while_the_handler_runs) {
    test::journal log;
    raw_server server(waits(log));
    BOOST_TEST(cancelled(server.url(), soon(), [] { return false; }) == aborted);
    BOOST_TEST(log.wait(1) == "close(1000) end");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
