// What receive() and send() give: operations that begin when they are awaited, are ready at once
// where they can be, and combine with everything else that can be awaited.
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
using namespace boost::asio::experimental::awaitable_operators;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::raw_client;

BOOST_AUTO_TEST_SUITE(operations)

std::string text_of(const std::optional<message>& received) {
    return received ? std::string(received->text()) : "end";
}

awaitable<void> answer(connection peer, std::string text) {
    message whole(std::move(text));
    co_await peer.send(std::move(whole));
}

// ---- combined

awaitable<void> combine(connection peer) {
    asio::steady_timer never(co_await asio::this_coro::executor, 1h);
    const auto either = co_await (never.async_wait(asio::use_awaitable) || peer.receive());
    co_await answer(peer, "1 " + text_of(std::get<1>(either)));

    const auto both = co_await (peer.receive() && peer.receive());
    co_await answer(peer, "2 " + text_of(std::get<0>(both)) + text_of(std::get<1>(both)));

    message first("3");
    message second("4");
    co_await (peer.send(std::move(first)) && peer.send(std::move(second)));

    message third("5");
    const auto sent_or_received = co_await (peer.send(std::move(third)) || peer.receive());
    co_await answer(peer, "6 " + std::to_string(sent_or_received.index()));
}

BOOST_DATA_TEST_CASE(they_combine_with_each_other_and_with_awaitables,
                     data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(combine));
    raw_client client(host->port());
    client.open();
    client.send_text("a");
    BOOST_TEST(client.next() == "text(1 a)");
    client.send_text("b");
    client.send_text("c");
    BOOST_TEST(client.next() == "text(2 bc)");
    BOOST_TEST(client.next() == "text(3)");
    BOOST_TEST(client.next() == "text(4)");
    BOOST_TEST(client.next() == "text(5)");
    BOOST_TEST(client.next() == "text(6 0)");
    BOOST_TEST(client.next() == "close(1000)");
}

// ---- begun when awaited

awaitable<void> late(connection peer) {
    auto waits = peer.send(message("second"));
    co_await answer(peer, "first");
    co_await std::move(waits);
    awaitable<std::optional<message>> converted = peer.receive();
    awaitable<void> last = peer.send(message("fourth"));
    co_await answer(peer, text_of(co_await std::move(converted)));
    co_await std::move(last);
}

BOOST_DATA_TEST_CASE(they_begin_when_they_are_awaited, data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(late));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "text(first)");
    BOOST_TEST(client.next() == "text(second)");
    client.send_text("third");
    BOOST_TEST(client.next() == "text(third)");
    BOOST_TEST(client.next() == "text(fourth)");
    BOOST_TEST(client.next() == "close(1000)");
}

// Their own coroutines, which outlive the call: an end that they meet is theirs, not the caller's.
awaitable<void> spawn(connection peer) {
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, peer.send(message("spawned")), asio::detached);
    co_await asio::co_spawn(executor, peer.receive(), asio::use_awaitable);
    peer.request_close();
    asio::co_spawn(executor, peer.send(message("too late")), asio::detached);
}

BOOST_DATA_TEST_CASE(they_can_be_spawned, data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(spawn));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "text(spawned)");
    client.send_text("x");
    BOOST_TEST(client.next() == "close(1000)");
}

// ---- ready at once

constexpr int many = 20'000;

// Operations that are ready do not nest: else this would need some megabytes of stack.
awaitable<void> count_when_all_are_in(connection peer) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 200ms);
    co_await timer.async_wait(asio::use_awaitable);
    int count = 0;
    while (std::optional<message> next = co_await peer.receive()) {
        ++count;
        co_await peer.send(*std::move(next));
        if (count == many) {
            break;
        }
    }
    co_await answer(peer, std::to_string(count));
}

BOOST_DATA_TEST_CASE(ready_operations_do_not_nest, data::make(test::all_arrangements), where) {
    test::host_options options;
    options.connection.inbox_high_water = 64 * 1024 * 1024;
    options.connection.outbox_high_water = 64 * 1024 * 1024;
    options.connection.max_outbox_size = 64 * 1024 * 1024;
    const auto host = test::start_host(where, coroutine_handler(count_when_all_are_in), options);
    raw_client client(host->port());
    client.open();
    for (int i = 0; i < many; ++i) {
        client.send_text("x");
    }
    int echoed = 0;
    std::string last;
    while ((last = client.next()) == "text(x)") {
        ++echoed;
    }
    BOOST_TEST(echoed == many);
    BOOST_TEST(last == "text(" + std::to_string(many) + ")");
}

// ---- on another executor

struct elsewhere {
    asio::thread_pool pool{2};
    asio::strand<asio::any_io_executor> own{asio::any_io_executor(pool.get_executor())};
    std::atomic<int> strayed{0};

    awaitable<void> echo(connection peer) {
        while (std::optional<message> next = co_await peer.receive()) {
            strayed += own.running_in_this_thread() ? 0 : 1;
            co_await peer.send(*std::move(next));
            strayed += own.running_in_this_thread() ? 0 : 1;
        }
        strayed += own.running_in_this_thread() ? 0 : 1;
    }
    // The handler waits for a coroutine that runs on `own`.
    awaitable<void> handle(connection peer) {
        co_await asio::co_spawn(own, echo(std::move(peer)), asio::use_awaitable);
    }
};

BOOST_DATA_TEST_CASE(a_coroutine_on_another_executor_stays_there,
                     data::make(test::all_arrangements), where) {
    elsewhere there;
    {
        const auto host = test::start_host(
            where, coroutine_handler([&there](connection peer) { return there.handle(peer); }));
        raw_client client(host->port());
        client.open();
        for (int i = 0; i < 50; ++i) {  // each waited for
            client.send_text(std::to_string(i));
            BOOST_TEST(client.next() == "text(" + std::to_string(i) + ")");
        }
        for (int i = 0; i < 50; ++i) {  // some of them ready
            client.send_text(std::to_string(i));
        }
        for (int i = 0; i < 50; ++i) {
            BOOST_TEST(client.next() == "text(" + std::to_string(i) + ")");
        }
        BOOST_TEST(client.close() == "close(1000) end");
    }
    there.pool.join();
    BOOST_TEST(there.strayed == 0);
}

// Its executor is not the connection's, though its thread may be: it is resumed through the former.
BOOST_AUTO_TEST_CASE(a_coroutine_on_a_strand_over_the_connections_executor_stays_on_the_strand) {
    std::atomic<int> strayed{0};
    const auto host = test::start_host(
        test::arrangement::server_1, coroutine_handler([&strayed](connection peer) {
            return [](connection by, std::atomic<int>& stray) -> awaitable<void> {
                auto strand = asio::make_strand(by.get_executor());
                co_await asio::co_spawn(
                    strand,
                    [](connection of, asio::strand<asio::any_io_executor> on,
                       std::atomic<int>& astray) -> awaitable<void> {
                        while (std::optional<message> next = co_await of.receive()) {
                            astray += on.running_in_this_thread() ? 0 : 1;
                            co_await of.send(*std::move(next));
                            astray += on.running_in_this_thread() ? 0 : 1;
                        }
                    }(by, strand, stray),
                    asio::use_awaitable);
            }(std::move(peer), strayed);
        }));
    raw_client client(host->port());
    client.open();
    for (int i = 0; i < 20; ++i) {
        client.send_text(std::to_string(i));
        BOOST_TEST(client.next() == "text(" + std::to_string(i) + ")");
    }
    BOOST_TEST(client.close() == "close(1000) end");
    BOOST_TEST(strayed == 0);
}

// Echo before close (DESIGN §3.4), with one of two tasks on a strand of its own: what the other has
// taken is still waited for.
awaitable<void> answer_late(connection peer) {
    const std::optional<message> taken = co_await peer.receive();
    asio::steady_timer timer(co_await asio::this_coro::executor, 100ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_await answer(peer, "late " + text_of(taken));
}

awaitable<void> take_rest(connection peer) {
    std::optional<message> next;
    do {
        next = co_await peer.receive();
    } while (next);
}

awaitable<void> share(connection peer) {
    const auto executor = co_await asio::this_coro::executor;
    auto strand = asio::make_strand(executor);
    co_await (asio::co_spawn(executor, answer_late(peer), asio::use_awaitable) &&
              asio::co_spawn(strand, take_rest(peer), asio::use_awaitable));
}

BOOST_AUTO_TEST_CASE(a_message_taken_on_a_strand_is_returned_once) {
    const auto host = test::start_host(test::arrangement::server_1, coroutine_handler(share));
    raw_client client(host->port());
    client.open();
    std::string all = test::text_frame("1") + test::text_frame("2");
    client.send_bytes(all + test::close_frame(1000));
    BOOST_TEST(client.next() == "text(late 1)");
    BOOST_TEST(client.next() == "close(1000)");
}

// ---- a client's

// A client's connection closes with its last handle; an operation that has been turned into
// something else is one.
awaitable<std::optional<message>> receive_from(connection peer) { return peer.receive(); }

awaitable<std::string> ask(std::uint16_t port) {
    awaitable<std::optional<message>> receiving;
    {
        connection peer = co_await connect("ws://127.0.0.1:" + std::to_string(port) + "/ws");
        BOOST_TEST(!peer.try_send("x"));
        receiving = receive_from(std::move(peer));
    }
    co_return text_of(co_await std::move(receiving));
}

BOOST_DATA_TEST_CASE(an_awaitable_keeps_a_clients_connection, data::make(test::all_arrangements),
                     where) {
    const auto host =
        test::start_host(where, coroutine_handler([](connection peer) -> awaitable<void> {
                             std::optional<message> taken = co_await peer.receive();
                             asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
                             co_await timer.async_wait(asio::use_awaitable);
                             if (taken) {
                                 co_await peer.send(*std::move(taken));
                             }
                             std::optional<message> rest = co_await peer.receive();
                         }));
    asio::io_context context;
    std::string got;
    asio::co_spawn(context, ask(host->port()),
                   [&got](std::exception_ptr, std::string text) { got = std::move(text); });
    context.run();
    BOOST_TEST(got == "x");
}

// ---- errors

awaitable<void> send_after_close(connection peer) {
    static_cast<void>(co_await peer.receive());
    peer.request_close();
    try {
        co_await peer.send(message("too late"));
    } catch (const boost::system::system_error& failed) {
        if (failed.code() != make_error_code(error::closed)) {
            peer.request_close(close_reason(close_code::policy_error));
        }
    }
    if (co_await peer.receive()) {
        throw std::logic_error("it has ended");
    }
}

BOOST_DATA_TEST_CASE(a_send_after_the_close_fails, data::make(test::all_arrangements), where) {
    const auto host = test::start_host(where, coroutine_handler(send_after_close));
    raw_client client(host->port());
    client.open();
    client.send_text("x");
    BOOST_TEST(client.next() == "close(1000)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
