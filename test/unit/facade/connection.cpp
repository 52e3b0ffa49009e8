// What a handle of a connection does: send from anywhere, close, the end, the three forms of each
// call.

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::raw_client;
using test::to_text;

/// error_code → "ok", or its message.
std::string name_of(const error_code& ec) { return ec ? ec.message() : "ok"; }
const std::string closed = make_error_code(error::closed).message();

BOOST_AUTO_TEST_SUITE(connection_use)

BOOST_DATA_TEST_CASE(echoes_text_and_binary_in_order, data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(test::echo));
    raw_client client(host->port());
    client.open();
    client.send_bytes(test::text_frame("one") + test::encode_frame(2, "two") +
                      test::text_frame(""));
    BOOST_TEST(client.next() == "text(one)");
    BOOST_TEST(client.next() == "binary(two)");
    BOOST_TEST(client.next() == "text()");
    BOOST_TEST(client.close() == "close(1000) end");
}

// ---- sending from everywhere (issue 2, acceptance 3)

/// 1,000 tasks on 4 threads of their own that send "task:number" on one connection.
struct storm {
    static constexpr std::size_t tasks = 1000;

    asio::thread_pool pool{4};
    std::vector<std::size_t> accepted = std::vector<std::size_t>(tasks, 0);  // each its own task's
    std::atomic<std::size_t> running{tasks};
    std::atomic<std::size_t> total{0};

    static awaitable<void> send_some(storm& s, connection peer, std::size_t task,
                                     std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            message whole(std::to_string(task) + ":" + std::to_string(i));
            try {
                co_await peer.send(std::move(whole));
            } catch (const boost::system::system_error& e) {
                if (e.code() != error::closed) {
                    throw;
                }
                break;
            }
            ++s.accepted[task];
            ++s.total;
        }
    }

    void start(const connection& peer, std::size_t count) {
        for (std::size_t task = 0; task < tasks; ++task) {
            asio::co_spawn(pool, send_some(*this, peer, task, count),
                           [this](std::exception_ptr) { --running; });
        }
    }

    /// Reads up to the Close: how many messages of each task came, in order.
    static std::vector<std::size_t> read_all(raw_client& client, bool& in_order,
                                             std::string& last) {
        std::vector<std::size_t> received(tasks, 0);
        in_order = true;
        for (;;) {
            const test::raw_frame frame = client.read_frame();
            if (frame.opcode != 1) {
                last = frame.text();
                return received;
            }
            const auto colon = frame.payload.find(':');
            const std::size_t task = std::stoul(frame.payload.substr(0, colon));
            in_order = in_order && std::stoul(frame.payload.substr(colon + 1)) == received.at(task);
            ++received.at(task);
        }
    }
};

BOOST_DATA_TEST_CASE(a_thousand_tasks_send_and_then_it_closes, data::make(test::all_arrangements),
                     where) {
    storm s;
    const auto handler = [&s](connection peer) -> awaitable<void> {
        return [](storm& all, connection self) -> awaitable<void> {
            all.start(self, 5);
            while (all.running > 0) {
                co_await test::pause_for(1ms);
            }
            close_reason reason(close_code::normal, "done");
            co_await self.close(std::move(reason));
        }(s, std::move(peer));
    };
    const auto host = test::start_host(where, coroutine_handler(handler));
    raw_client client(host->port());
    client.open();
    bool in_order = false;
    std::string last;
    const auto received = storm::read_all(client, in_order, last);
    BOOST_TEST(in_order);
    BOOST_TEST(last == "close(1000 done)");
    BOOST_TEST((received == std::vector<std::size_t>(storm::tasks, 5)));
    BOOST_TEST(client.close() == "end");
    s.pool.join();
    BOOST_TEST((received == s.accepted));
}

// [6455-6.1-3]
BOOST_DATA_TEST_CASE(a_close_amid_a_thousand_sending_tasks, data::make(test::all_arrangements),
                     where) {
    storm s;
    const auto handler = [&s](connection peer) -> awaitable<void> {
        return [](storm& all, connection self) -> awaitable<void> {
            all.start(self, 1'000'000);  // until error::closed
            while (all.total < 3000) {
                co_await test::pause_for(200us);
            }
            co_await self.close();
        }(s, std::move(peer));
    };
    const auto host = test::start_host(where, coroutine_handler(handler));
    raw_client client(host->port());
    client.open();
    bool in_order = false;
    std::string last;
    const auto received = storm::read_all(client, in_order, last);
    BOOST_TEST(in_order);
    BOOST_TEST(last == "close(1000)");
    BOOST_TEST(client.close() == "end");
    s.pool.join();
    BOOST_TEST(s.total >= 3000U);
    BOOST_TEST((received == s.accepted));
}

// ---- the end, as the user's calls see it

awaitable<void> use_after_close(test::journal& log, connection peer) {
    co_await peer.close();
    log.add(peer.is_open() ? "open" : "not open");
    try {
        message late("late");
        co_await peer.send(std::move(late));
        log.add("sent");
    } catch (const boost::system::system_error& e) {
        log.add(e.code().message());
    }
    log.add(name_of(peer.try_send("late")));
    log.add(name_of(peer.ping("late")));
    for (int i = 0; i < 2; ++i) {
        const auto received = co_await peer.receive();
        log.add(received ? "message" : "empty");
    }
    co_await peer.close();  // again: the same end
    log.add(to_text(peer.close_info()));
}

BOOST_DATA_TEST_CASE(after_the_end_send_fails_and_receive_is_empty,
                     data::make(test::all_arrangements), where) {
    test::journal log;
    const auto host = test::start_host(
        where, coroutine_handler([&log](connection peer) { return use_after_close(log, peer); }));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
    BOOST_TEST(log.wait(7) == "not open | " + closed + " | " + closed + " | " + closed +
                                  " | empty | empty | 1000 local clean");
}

awaitable<void> send_after_request(test::journal& log, connection peer) {
    peer.request_close(close_reason(4001, "bye"));
    log.add(peer.is_open() ? "open" : "not open");
    log.add(name_of(peer.try_send("late")));
    message late("late");
    const auto [ec] =
        co_await peer.async_send(std::move(late), asio::as_tuple(asio::use_awaitable));
    log.add(name_of(ec));
    const auto received = co_await peer.receive();  // waits for the peer's Close
    log.add(received ? "message" : "empty");
    log.add(to_text(peer.close_info()));
}

BOOST_DATA_TEST_CASE(nothing_is_sent_once_our_close_is_queued, data::make(test::all_arrangements),
                     where) {
    test::journal log;
    const auto host = test::start_host(where, coroutine_handler([&log](connection peer) {
                                           return send_after_request(log, peer);
                                       }));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "close(4001 bye)");
    BOOST_TEST(log.wait(3) == "not open | " + closed + " | " + closed);
    BOOST_TEST(client.close(4001) == "end");
    BOOST_TEST(log.wait(5) ==
               "not open | " + closed + " | " + closed + " | empty | 4001 bye local clean");
}

awaitable<void> close_badly(test::journal& log, connection peer) {
    close_reason reason(1005 + 1);
    try {
        co_await peer.close(std::move(reason));
        log.add("closed");
    } catch (const boost::system::system_error& e) {
        log.add(e.code() == error::bad_argument ? "bad argument" : e.code().message());
    }
    log.add(peer.is_open() ? "open" : "not open");
    log.add(peer.ping(std::string(126, 'x')) == error::bad_argument ? "bad argument" : "sent");
    log.add(name_of(peer.ping("p")));
    peer.request_close(close_reason(1015));
}

// [6455-7.4.1-2, 6455-7.4.1-3]
BOOST_AUTO_TEST_CASE(what_cannot_be_put_on_the_wire_is_refused) {
    test::journal log;
    const auto host = test::start_host(
        test::arrangement::server_1,
        coroutine_handler([&log](connection peer) { return close_badly(log, peer); }));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "ping(p)");
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(log.wait(4) == "bad argument | open | bad argument | ok");
    BOOST_TEST(client.close() == "end");
}

// ---- echo before close (DESIGN §3.4)

awaitable<void> slow_echo(connection peer) {
    while (auto received = co_await peer.receive()) {
        co_await test::pause_for(2ms);
        co_await peer.send(std::move(*received));
    }
}

const std::string five_messages = test::text_frame("1") + test::text_frame("2") +
                                  test::text_frame("3") + test::text_frame("4") +
                                  test::text_frame("5");

BOOST_DATA_TEST_CASE(what_came_before_the_peers_close_is_echoed_before_ours,
                     data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(slow_echo));
    raw_client client(host->port());
    client.open();
    client.send_bytes(five_messages + test::close_frame(4000, "so long") + test::text_frame("6"));
    BOOST_TEST(client.rest() == "text(1) text(2) text(3) text(4) text(5) close(4000) end");
}

BOOST_DATA_TEST_CASE(what_came_before_a_protocol_error_is_echoed_before_our_close,
                     data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(slow_echo));
    raw_client client(host->port());
    client.open();
    client.send_bytes(five_messages + test::encode_frame(15, "") + test::text_frame("6"));
    const std::string all = client.rest();
    BOOST_TEST(all.starts_with("text(1) text(2) text(3) text(4) text(5) close(1002"));
    BOOST_TEST(all.ends_with(") end"));
}

BOOST_DATA_TEST_CASE(an_end_of_input_without_a_close_does_not_stop_the_echoes,
                     data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(slow_echo));
    raw_client client(host->port());
    client.open();
    client.send_bytes(five_messages);
    client.shutdown_send();
    BOOST_TEST(client.rest().starts_with("text(1) text(2) text(3) text(4) text(5) "));
}

// The handler may be in another task on another strand for each message: it is busy nevertheless
// until it asks for the next one.
BOOST_DATA_TEST_CASE(coroutine_callbacks_echo_before_close_too, data::make(test::all_arrangements),
                     where) {
    handlers callbacks;
    callbacks.on_message = [](connection& peer, message_view view) -> awaitable<void> {
        return [](connection self, std::string text) -> awaitable<void> {
            co_await test::pause_for(2ms);
            message whole(std::move(text));
            co_await self.send(std::move(whole));
        }(peer, std::string(view.text()));
    };
    const auto host = test::start_host(where, callbacks);
    raw_client client(host->port());
    client.open();
    client.send_bytes(five_messages + test::close_frame(1000));
    BOOST_TEST(client.rest() == "text(1) text(2) text(3) text(4) text(5) close(1000) end");
}

// ---- the other completion tokens

/// A handler that hands its connection to the test and stays until told to go.
struct lent_connection {
    test::box<connection> handle;
    test::gate done;

    coroutine_handler handler() {
        return [this](connection peer) { return lend(*this, std::move(peer)); };
    }
    static awaitable<void> lend(lent_connection& to, connection peer) {
        to.handle.set(std::move(peer));
        co_await to.done.wait();
    }
};

BOOST_DATA_TEST_CASE(calls_from_another_thread_with_callbacks_and_futures,
                     data::make(test::all_arrangements), where) {
    lent_connection lent;
    const auto host = test::start_host(where, lent.handler());
    raw_client client(host->port());
    client.open();
    connection peer = lent.handle.get();

    BOOST_TEST(peer.is_open());
    BOOST_TEST(to_text(peer.close_info()) == "1006 none unclean");
    peer.async_send(message("by future"), asio::use_future).get();
    BOOST_TEST(client.next() == "text(by future)");
    test::journal log;
    peer.async_send(message("by callback"), [&log](error_code ec) { log.add(name_of(ec)); });
    BOOST_TEST(client.next() == "text(by callback)");
    BOOST_TEST(log.wait(1) == "ok");
    BOOST_TEST(name_of(peer.try_send("by try_send")) == "ok");
    BOOST_TEST(client.next() == "text(by try_send)");
    BOOST_TEST(name_of(peer.ping("p")) == "ok");
    BOOST_TEST(client.next() == "ping(p)");

    auto first = peer.async_receive(asio::use_future);  // before the message is there
    client.send_text("a");
    BOOST_TEST(first.get().value().text() == "a");
    client.send_bytes(test::text_frame("b") + test::text_frame("c"));
    peer.async_receive([&log](error_code, std::optional<message> got) { log.add(got->take()); });
    BOOST_TEST(log.wait(2) == "ok | b");
    BOOST_TEST(peer.async_receive(asio::use_future).get().value().text() == "c");

    auto waiting = peer.async_receive(asio::use_future);
    auto ended = peer.async_close(close_reason(4002, "over"), asio::use_future);
    BOOST_TEST(client.next() == "close(4002 over)");
    BOOST_TEST(client.close(4002) == "end");
    ended.get();
    BOOST_TEST(!waiting.get().has_value());
    BOOST_TEST(!peer.async_receive(asio::use_future).get().has_value());
    BOOST_CHECK_THROW(peer.async_send(message("late"), asio::use_future).get(),
                      boost::system::system_error);
    peer.async_close(close_reason(), asio::use_future).get();
    BOOST_TEST(to_text(peer.close_info()) == "4002 over local clean");
    lent.handle.clear();
    lent.done.open();
}

BOOST_DATA_TEST_CASE(the_facts_outlast_the_end, data::make(test::all_arrangements), where) {
    lent_connection lent;
    const auto host = test::start_host(where, lent.handler());
    raw_client client(host->port());
    client.open("/ws?a=1&b", "X-One: 1\r\nX-Two: 2\r\nx-one: 3\r\n");
    const std::uint16_t client_port = client.local_port();
    const connection peer = lent.handle.get();
    lent.handle.clear();
    lent.done.open();
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
    BOOST_TEST(
        test::eventually([&peer] { return peer.close_info().initiator != initiator::none; }));
    BOOST_TEST(peer.request().method() == "GET");
    BOOST_TEST(peer.request().target() == "/ws?a=1&b");
    BOOST_TEST(peer.request().path() == "/ws");
    BOOST_TEST(peer.request().query() == "a=1&b");
    BOOST_TEST(peer.request().version() == 11U);
    BOOST_TEST(peer.request().header("X-ONE").value() == "1");
    BOOST_TEST(peer.request().count("x-one") == 2U);
    BOOST_TEST(!peer.request().header("x-three").has_value());
    BOOST_TEST((peer.remote_address() == address{"127.0.0.1", client_port}));
    BOOST_TEST((peer.local_address() == address{"127.0.0.1", host->port()}));
    BOOST_TEST(!peer.is_secure());
    BOOST_TEST(peer.subprotocol().empty());
    BOOST_TEST(!peer.is_open());
    BOOST_TEST(to_text(peer.close_info()) == "1000 local clean");
    const connection copy = peer;
    BOOST_TEST((copy == peer));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
