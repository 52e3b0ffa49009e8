// Closing while something is in its way: a full inbox, the peer's Close that came first, a callback
// that throws at the very end.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::raw_client;

// Takes one message, works for a while, and has enough.
awaitable<void> refuse_after_one(connection peer) {
    static_cast<void>(co_await peer.receive());
    asio::steady_timer work(co_await asio::this_coro::executor, 50ms);
    co_await work.async_wait(asio::use_awaitable);
    co_await peer.close(close_code::policy_error);
}

// A deadline that was waited for would be noticed: the clients give up long before it.
test::host_options patient() {
    test::host_options options;
    options.connection.close_timeout = 1h;
    return options;
}

BOOST_AUTO_TEST_SUITE(closing)

BOOST_DATA_TEST_CASE(a_full_inbox_does_not_hold_up_a_local_close,
                     data::make(test::all_arrangements), where) {
    test::host_options options = patient();
    options.connection.inbox_high_water = 1000;
    const auto host = test::start_host(where, coroutine_handler(refuse_after_one), options);
    raw_client client(host->port());
    client.open();
    std::string flood;
    for (int i = 0; i < 100; ++i) {
        flood += test::text_frame(std::string(200, 'x'));
    }
    client.send_bytes(flood);
    BOOST_TEST(client.next() == "close(1008)");
    BOOST_TEST(client.close(1008) == "end");
}

// [6455-5.5.1-7]
BOOST_DATA_TEST_CASE(a_local_close_after_the_peers_is_prompt, data::make(test::all_arrangements),
                     where) {
    const auto host = test::start_host(where, coroutine_handler(refuse_after_one), patient());
    raw_client client(host->port());
    client.open();
    client.send_bytes(test::text_frame("one") + test::close_frame(1000));
    BOOST_TEST(client.rest() == "close(1000) end");
}

awaitable<void> refuse_at_once(connection peer) {
    static_cast<void>(co_await peer.receive());
    co_await peer.close(close_code::policy_error);
}

BOOST_DATA_TEST_CASE(so_is_one_from_inside_the_delivery, data::make(test::all_arrangements),
                     where) {
    const auto host = test::start_host(where, coroutine_handler(refuse_at_once), patient());
    for (int i = 0; i < 5; ++i) {
        raw_client client(host->port());
        client.open();
        client.send_bytes(test::text_frame("one") + test::close_frame(1000));
        const std::string rest = client.rest();
        BOOST_TEST((rest == "close(1000) end" || rest == "close(1008) end"));
    }
}

BOOST_DATA_TEST_CASE(an_on_close_that_throws_anything_is_survived,
                     data::make(test::all_arrangements), where) {
    handlers callbacks;
    callbacks.on_close = [](connection&, const close_info&) { throw 42; };
    const auto host = test::start_host(where, callbacks, patient());
    for (int i = 0; i < 2; ++i) {
        raw_client client(host->port());
        client.open();
        BOOST_TEST(client.close() == "close(1000) end");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
