// A client's io_context that goes before its connections do, in every phase; and many clients at
// once. Under ASan and TSan, or this shows little.
#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::raw_server;
using test::raw_server_peer;

awaitable<void> converse(std::string url, client_options options, std::atomic<int>& messages) {
    connection peer = co_await connect(std::move(url), std::move(options));
    for (;;) {
        message next("over and over again, for ever");
        co_await peer.send(std::move(next));
        if (!co_await peer.receive()) {
            co_return;
        }
        ++messages;
    }
}

BOOST_AUTO_TEST_SUITE(client_lifetime)

// ---- the context goes first

BOOST_DATA_TEST_CASE(a_context_may_end_with_an_open_connection, data::make(test::ways), how) {
    const auto before = test::open_descriptors();
    {
        const test::echo_server server(how);
        std::atomic<int> messages{0};
        asio::io_context context(1);
        asio::co_spawn(context, converse(server.url, server.options, messages), asio::detached);
        BOOST_TEST(test::eventually([&] { return context.poll(), messages > 3; }));
        context.stop();
    }
    BOOST_TEST(test::open_descriptors() == before);
}

BOOST_DATA_TEST_CASE(so_it_may_with_callbacks, data::make(test::ways), how) {
    const test::echo_server server(how);
    int messages = 0;
    int ends = 0;
    {
        handlers callbacks;
        callbacks.on_open = [](connection& peer) { peer.try_send("x"); };
        callbacks.on_message = [&messages](connection& peer, message_view view) {
            ++messages;
            peer.try_send(view);
        };
        callbacks.on_close = [&ends](connection&, const close_info&) { ++ends; };
        asio::io_context context(1);
        const auto open = [](std::string url, handlers use,
                             client_options options) -> awaitable<void> {
            static_cast<void>(co_await connect(std::move(url), std::move(use), std::move(options)));
        };
        asio::co_spawn(context, open(server.url, callbacks, server.options), asio::detached);
        BOOST_TEST(test::eventually([&] { return context.poll(), messages > 3; }));
    }
    BOOST_TEST(ends == 0);
}

// Whatever step has been reached: resolving, connecting, TLS, HTTP, open.
BOOST_DATA_TEST_CASE(a_context_may_end_at_any_step, data::make(test::ways), how) {
    const auto before = test::open_descriptors();
    {
        const test::echo_server server(how);
        int steps = 0;
        for (bool open = false; !open && steps < 1000; ++steps) {
            std::atomic<int> messages{0};
            asio::io_context context(1);
            asio::co_spawn(context, converse(server.url, server.options, messages), asio::detached);
            for (int i = 0; i < steps; ++i) {
                context.run_one_for(test::patience);
            }
            open = messages > 0;
        }
        BOOST_TEST(steps > 2);
        BOOST_TEST(steps < 1000);
    }
    BOOST_TEST(test::open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(a_context_may_end_while_a_name_is_resolved) {
    for (int steps = 0; steps < 10; ++steps) {
        std::atomic<int> messages{0};
        asio::io_context context(1);
        asio::co_spawn(context,
                       converse("ws://does-not-exist.invalid/",
                                test::trusting({"ws", steps % 2 == 0}), messages),
                       asio::detached);
        for (int i = 0; i < steps / 2; ++i) {
            context.poll_one();
        }
    }
}

BOOST_DATA_TEST_CASE(a_context_may_end_while_the_server_is_silent, data::make(test::ways), how) {
    raw_server server([](raw_server_peer& peer) {
        try {
            static_cast<void>(peer.read_all());
        } catch (const boost::system::system_error&) {
        }
    });
    std::atomic<int> messages{0};
    asio::io_context context(1);
    asio::co_spawn(context,
                   converse(how.scheme + ":" + server.url().substr(server.url().find("//")),
                            test::trusting(how), messages),
                   asio::detached);
    context.run_for(20ms);
    BOOST_TEST(!context.stopped());
}

// A future's connection, in the hands of nobody.
BOOST_AUTO_TEST_CASE(a_result_that_nobody_takes_is_closed) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(peer.next());
        peer.send_bytes(test::server_close(1000));
        server.log().add(peer.finish());
    });
    asio::io_context context(1);
    static_cast<void>(async_connect(context.get_executor(), server.url(), {}, asio::use_future));
    context.run_for(test::patience);
    BOOST_TEST(context.stopped());
    BOOST_TEST(server.log().wait(2) == "close(1000) | end");
}

// connection.hpp: a handle must be gone before its context; one whose connection has ended, too.
awaitable<int> keep(std::string url, client_options options, std::optional<connection>& kept) {
    kept = co_await connect(std::move(url), std::move(options));
    co_await kept->close();
    co_return 1;
}

BOOST_DATA_TEST_CASE(a_handle_may_outlive_its_connection, data::make(test::ways), how) {
    const test::echo_server server(how);
    asio::io_context context(1);
    std::optional<connection> kept;
    asio::co_spawn(context, keep(server.url, server.options, kept), asio::detached);
    context.run_for(test::patience);
    BOOST_TEST(context.stopped());
    BOOST_TEST(test::to_text(kept->close_info()) == "1000 local clean");
    BOOST_TEST(!kept->is_open());
    BOOST_TEST((kept->try_send("late") == error::closed));
    BOOST_TEST((kept->ping() == error::closed));
    kept->request_close();
    kept.reset();
    context.restart();
    context.run_for(test::patience);
    BOOST_TEST(context.stopped());
}

// ---- many at once

awaitable<void> exchange(std::string url, client_options options, int id, std::atomic<int>& fine) {
    connection peer = co_await connect(std::move(url), std::move(options));
    for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(id) + " " + std::to_string(i);
        message out(text);
        co_await peer.send(std::move(out));
        const auto back = co_await peer.receive();
        if (!back || back->text() != text) {
            co_return;
        }
    }
    if (id % 3 != 0) {  // else the handle's end does it
        co_await peer.close();
    }
    ++fine;
}

BOOST_DATA_TEST_CASE(many_clients_share_a_thread_pool, data::make(test::schemes), scheme) {
    const test::echo_server server(scheme);
    std::atomic<int> fine{0};
    std::atomic<int> failed{0};
    asio::thread_pool pool(4);
    for (int i = 0; i < 50; ++i) {
        asio::co_spawn(pool, exchange(server.url, server.options, i, fine),
                       [&failed](std::exception_ptr e) { failed += e ? 1 : 0; });
    }
    BOOST_TEST(test::eventually([&] { return fine + failed == 50; }));
    BOOST_TEST(failed == 0);
    pool.join();
}

/// Uses handles on a thread other than those that run `executor`.
void use_from_elsewhere(const asio::any_io_executor& executor, const test::echo_server& server) {
    for (int round = 0; round < 5; ++round) {
        auto result = async_connect(executor, server.url, server.options, asio::use_future).get();
        std::vector<std::future<void>> sent;
        for (int i = 0; i < 50; ++i) {
            sent.push_back(result.peer->async_send(message("from elsewhere"), asio::use_future));
        }
        int received = 0;
        for (int i = 0; i < 50; ++i) {
            auto next = result.peer->async_receive(asio::use_future);
            BOOST_REQUIRE((next.wait_for(test::patience) == std::future_status::ready));
            received += next.get() ? 1 : 0;
        }
        BOOST_TEST(received == 50);
        for (auto& each : sent) {
            each.get();
        }
        if (round % 2 == 0) {
            result.peer->async_close({}, asio::use_future).get();
        }
    }
}

BOOST_DATA_TEST_CASE(handles_are_used_from_several_threads, data::make(test::schemes), scheme) {
    const test::echo_server server(scheme);
    asio::thread_pool pool(4);
    use_from_elsewhere(pool.get_executor(), server);
    pool.join();
}

BOOST_DATA_TEST_CASE(handles_are_used_beside_an_io_context, data::make(test::ways), how) {
    const test::echo_server server(how);
    asio::io_context context(1);
    auto guard = asio::make_work_guard(context);
    std::thread running([&context] { context.run(); });
    std::atomic<int> fine{0};
    for (int i = 0; i < 10; ++i) {
        asio::co_spawn(context, exchange(server.url, server.options, i, fine), asio::detached);
    }
    use_from_elsewhere(context.get_executor(), server);
    guard.reset();
    running.join();
    BOOST_TEST(fine == 10);
}

BOOST_DATA_TEST_CASE(a_pool_may_end_under_its_clients, data::make(test::schemes), scheme) {
    const test::echo_server server(scheme);
    std::atomic<int> messages{0};
    {
        asio::thread_pool pool(4);
        for (int i = 0; i < 10; ++i) {
            asio::co_spawn(pool, converse(server.url, server.options, messages), asio::detached);
        }
        BOOST_TEST(test::eventually([&] { return messages > 10; }));
        pool.stop();
        pool.join();
    }
    BOOST_TEST(messages > 10);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
