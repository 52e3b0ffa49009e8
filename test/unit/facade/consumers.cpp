// Handlers: what is called when, and what becomes of their exceptions (DESIGN §3.6, §3.10).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using test::raw_client;
using test::to_text;

BOOST_AUTO_TEST_SUITE(handler_calls)

// ---- a handler's fault is its own

awaitable<void> throw_at_boom(connection peer) {
    while (auto received = co_await peer.receive()) {
        if (received->text() == "boom") {
            throw std::runtime_error("a fault");
        }
        if (received->text() == "odd") {
            throw 42;
        }
        co_await peer.send(std::move(*received));
    }
}

void plain_throw_at_boom(connection& peer, message_view view) {
    if (view.text() == "boom") {
        throw std::runtime_error("a fault");
    }
    if (view.text() == "odd") {
        throw 42;
    }
    peer.try_send(view);
}

awaitable<void> each_throw_at_boom(connection peer, std::string text) {
    co_await test::pause_for(100us);
    plain_throw_at_boom(peer, std::string_view(text));
}

test::any_handler throwing(const std::string& style) {
    handlers callbacks;
    if (style == "coroutine") {
        return coroutine_handler(throw_at_boom);
    }
    if (style == "plain callback") {
        callbacks.on_message = plain_throw_at_boom;
    } else {
        callbacks.on_message = [](connection& peer, message_view view) {
            return each_throw_at_boom(peer, std::string(view.text()));
        };
    }
    return callbacks;
}

const std::vector<std::string> styles{"coroutine", "plain callback", "coroutine callback"};

BOOST_DATA_TEST_CASE(a_handler_that_throws_ends_its_own_connection_only,
                     data::make(test::all_arrangements) * data::make(styles), where, style) {
    const auto host = test::start_host(where, throwing(style));
    raw_client bystander(host->port());
    bystander.open();
    for (const char* const trigger : {"boom", "odd"}) {
        raw_client client(host->port());
        client.open();
        client.send_bytes(test::text_frame("before") + test::text_frame(trigger) +
                          test::text_frame("after"));
        BOOST_TEST(client.next() == "text(before)");
        BOOST_TEST(client.next() == "close(1011)");
        BOOST_TEST(client.close(1011) == "end");
        bystander.send_text("still here");
        BOOST_TEST(bystander.next() == "text(still here)");
    }
    BOOST_TEST(bystander.close() == "close(1000) end");
}

BOOST_DATA_TEST_CASE(on_open_that_throws_gives_1011_and_on_close,
                     data::make(test::all_arrangements), where) {
    test::journal log;
    handlers callbacks;
    callbacks.on_open = [](connection& peer) {
        if (peer.request().query() == "boom") {
            throw std::runtime_error("a fault");
        }
    };
    callbacks.on_message = [](connection& peer, message_view view) { peer.try_send(view); };
    callbacks.on_close = [&log](connection& peer, const close_info& info) {
        log.add(std::string(peer.request().query()) + ": " + to_text(info));
    };
    const auto host = test::start_host(where, callbacks);
    raw_client client(host->port());
    client.open("/ws?boom");
    BOOST_TEST(client.next() == "close(1011)");
    BOOST_TEST(client.close(1011) == "end");
    BOOST_TEST(log.wait(1) == "boom: 1011 local clean");
    raw_client other(host->port());
    other.open("/ws?fine");
    other.send_text("hello");
    BOOST_TEST(other.next() == "text(hello)");
    BOOST_TEST(other.close() == "close(1000) end");
    BOOST_TEST(log.wait(2) == "boom: 1011 local clean | fine: 1000 peer clean");
}

coroutine_handler throws_before_its_first_suspension() {
    return [](connection) -> awaitable<void> { throw std::runtime_error("not even a coroutine"); };
}

awaitable<void> return_after_one(connection peer) {
    if (auto received = co_await peer.receive()) {
        co_await peer.send(std::move(*received));
    }
}

BOOST_DATA_TEST_CASE(a_handler_that_returns_closes_with_1000, data::make(test::all_arrangements),
                     where) {
    const auto host = test::start_host(where, coroutine_handler(return_after_one));
    raw_client client(host->port());
    client.open();
    client.send_bytes(test::text_frame("one") + test::text_frame("two"));
    BOOST_TEST(client.next() == "text(one)");
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
}

BOOST_DATA_TEST_CASE(a_handler_function_that_throws_itself_gives_1011,
                     data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, throws_before_its_first_suspension());
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "close(1011)");
    BOOST_TEST(client.close(1011) == "end");
}

// ---- callbacks: their order, and the one end

handlers logging(test::journal& log) {
    handlers callbacks;
    callbacks.on_open = [&log](connection&) { log.add("open"); };
    callbacks.on_message = [&log](connection& peer, message_view view) {
        log.add((view.is_text() ? "text " : "binary ") + std::string(view.text()));
        if (view.text() == "close me") {
            peer.request_close(close_reason(4003, "as you wish"));
        }
    };
    callbacks.on_close = [&log](connection& peer, const close_info& info) {
        log.add("close " + to_text(info));
        if (to_text(peer.close_info()) != to_text(info)) {
            log.add("but close_info() says " + to_text(peer.close_info()));
        }
    };
    return callbacks;
}

BOOST_DATA_TEST_CASE(open_messages_close_in_this_order, data::make(test::all_arrangements), where) {
    test::journal log;
    {
        const auto host = test::start_host(where, logging(log));
        raw_client client(host->port());
        // The first frames come with the request.
        client.send_bytes(test::upgrade_request("/ws") + test::text_frame("1") +
                          test::encode_frame(2, "2") + test::close_frame(1001, "leaving"));
        BOOST_TEST(client.read_head().starts_with("HTTP/1.1 101 "));
        BOOST_TEST(client.rest() == "close(1001) end");
    }
    BOOST_TEST(log.text() == "open | text 1 | binary 2 | close 1001 leaving peer clean");
}

BOOST_DATA_TEST_CASE(a_local_close_ends_once, data::make(test::all_arrangements), where) {
    test::journal log;
    {
        const auto host = test::start_host(where, logging(log));
        raw_client client(host->port());
        client.open();
        client.send_text("close me");
        BOOST_TEST(client.next() == "close(4003 as you wish)");
        client.send_text("crossing");  // discarded
        BOOST_TEST(client.close(4003) == "end");
    }
    BOOST_TEST(log.text() == "open | text close me | close 4003 as you wish local clean");
}

BOOST_DATA_TEST_CASE(a_reset_ends_once, data::make(test::all_arrangements), where) {
    test::journal log;
    {
        const auto host = test::start_host(where, logging(log));
        raw_client client(host->port());
        client.open();
        client.send_text("1");
        BOOST_TEST(log.wait(2) == "open | text 1");
        client.reset();
        BOOST_TEST(log.wait(3) ==
                   "open | text 1 | close 1006 peer unclean: Connection reset by peer");
    }
    BOOST_TEST(log.entries().size() == 3U);
}

BOOST_DATA_TEST_CASE(an_end_without_a_close_frame_ends_once, data::make(test::all_arrangements),
                     where) {
    test::journal log;
    {
        const auto host = test::start_host(where, logging(log));
        raw_client client(host->port());
        client.open();
        client.shutdown_send();
        static_cast<void>(client.rest());
    }
    BOOST_TEST(log.text() == "open | close 1006 peer unclean: " +
                                 make_error_code(error::unclean_close).message());
}

BOOST_DATA_TEST_CASE(a_protocol_error_ends_once, data::make(test::all_arrangements), where) {
    test::journal log;
    {
        const auto host = test::start_host(where, logging(log));
        raw_client client(host->port());
        client.open();
        client.send_bytes(test::text_frame("1") + test::encode_frame(15, ""));
        const std::string all = client.rest();
        BOOST_TEST(all.starts_with("close(1002"));
        BOOST_TEST(all.ends_with(" end"));
    }
    const auto entries = log.entries();
    BOOST_REQUIRE(entries.size() == 3U);
    BOOST_TEST(entries[2].starts_with("close 1002"));
    BOOST_TEST(entries[2].ends_with(" local unclean: " +
                                    make_error_code(error::reserved_opcode).message()));
}

BOOST_DATA_TEST_CASE(a_server_that_stops_ends_each_once,
                     data::make({test::arrangement::server_1, test::arrangement::server_4}),
                     where) {
    test::journal log;
    auto host = test::start_host(where, logging(log));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(log.wait(1) == "open");
    std::thread stopping([&host] { host.reset(); });
    BOOST_TEST(client.next() == "close(1001)");
    BOOST_TEST(client.close(1001) == "end");
    stopping.join();
    BOOST_TEST(log.text() == "open | close 1001 local clean");
}

BOOST_DATA_TEST_CASE(coroutine_callbacks_have_the_same_order, data::make(test::all_arrangements),
                     where) {
    test::journal log;
    std::atomic<int> at_once{0};
    handlers callbacks = logging(log);
    callbacks.on_message = [&](connection&, message_view view) -> awaitable<void> {
        return
            [](test::journal& to, std::atomic<int>& active, message_view text) -> awaitable<void> {
                to.add((++active == 1 ? "begin " : "overlap ") + std::string(text.text()));
                co_await test::pause_for(1ms);
                to.add("end " + std::string(text.text()));  // the view is valid to the end
                --active;
            }(log, at_once, view);
    };
    {
        const auto host = test::start_host(where, callbacks);
        raw_client client(host->port());
        client.open();
        client.send_bytes(test::text_frame("1") + test::text_frame("2") + test::close_frame(1000));
        BOOST_TEST(client.rest() == "close(1000) end");
    }
    BOOST_TEST(log.text() == "open | begin 1 | end 1 | begin 2 | end 2 | close 1000 peer clean");
}

BOOST_DATA_TEST_CASE(callbacks_may_all_be_missing, data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, handlers());
    raw_client client(host->port());
    client.open();
    client.send_bytes(test::text_frame("to nobody") + test::encode_frame(9, "p"));
    BOOST_TEST(client.next() == "pong(p)");
    BOOST_TEST(client.close() == "close(1000) end");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
