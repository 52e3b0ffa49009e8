// A handle keeps a connection's memory (connection.hpp), so it may outlive the connection and the
// server. Under ASan, or this shows nothing.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using test::raw_client;
using test::to_text;

/// What the user may still do with a handle whose executor is gone.
void use_after_all(connection peer) {
    BOOST_TEST(peer.request().path() == "/ws");
    BOOST_TEST(peer.remote_address().host == "127.0.0.1");
    BOOST_TEST(!peer.is_open());
    BOOST_TEST((peer.try_send("late") == error::closed));
    BOOST_TEST((peer.ping("late") == error::closed));
    peer.request_close();
    const connection copy = peer;
    BOOST_TEST((copy == peer));
}

BOOST_AUTO_TEST_SUITE(connection_lifetime)

BOOST_DATA_TEST_CASE(a_handle_outlives_its_host, data::make(test::server_arrangements), where) {
    test::box<connection> kept;
    handlers callbacks;
    callbacks.on_open = [&kept](connection& peer) { kept.set(peer); };
    {
        const auto host = test::start_host(where, callbacks);
        raw_client client(host->port());
        client.open();
        BOOST_TEST(client.close() == "close(1000) end");
    }
    BOOST_TEST(to_text(kept.get().close_info()) == "1000 peer clean");
    use_after_all(kept.get());
}

BOOST_AUTO_TEST_CASE(a_handle_outlives_a_server_that_cut_its_connection) {
    test::box<connection> kept;
    {
        handlers callbacks;
        callbacks.on_open = [&kept](connection& peer) { kept.set(peer); };
        server_options options;
        options.handle_signals = false;
        server s(options);
        s.route("/ws", callbacks);
        raw_client client(s.listen({"127.0.0.1", 0}));
        std::thread running([&s] { s.run(); });
        client.open();
        static_cast<void>(kept.get());
        s.shutdown(0ms);
        running.join();
    }
    BOOST_TEST((kept.get().close_info().ec == error::shut_down));
    use_after_all(kept.get());
}

// While a server drains, a handler may send to a connection of another thread that has ended
// meanwhile: that thread still answers.
struct farewell {
    std::mutex mutex;
    std::vector<connection> all;
    std::atomic<int> ended{0};

    awaitable<void> handle(connection peer) {
        {
            const std::lock_guard lock(mutex);
            all.push_back(peer);
        }
        while (co_await peer.receive()) {
            peer.request_close();
        }
        std::vector<connection> others;
        {
            const std::lock_guard lock(mutex);
            others = all;
        }
        for (connection& other : others) {
            try {
                co_await other.send("somebody has left");
            } catch (const boost::system::system_error&) {  // it has, too
            }
            static_cast<void>(co_await other.receive());
            co_await other.close();
        }
        ++ended;
    }
    [[nodiscard]] bool are_here(std::size_t count) {
        const std::lock_guard lock(mutex);
        return all.size() == count;
    }
};

BOOST_AUTO_TEST_CASE(a_draining_handler_may_ask_connections_of_threads_that_are_done) {
    constexpr std::size_t count = 8;
    farewell ends;
    std::atomic<int> complaints{0};
    {
        server_options options;
        options.handle_signals = false;
        options.threads = 2;
        options.drain_timeout = 2 * test::patience;
        options.log = [&complaints](log_level level, std::string_view) {
            complaints += level >= log_level::warning ? 1 : 0;
        };
        server s(options);
        s.route("/ws", [&ends](connection peer) { return ends.handle(std::move(peer)); });
        const std::uint16_t port = s.listen({"127.0.0.1", 0});
        std::thread running([&s] { s.run(); });
        std::vector<std::unique_ptr<raw_client>> clients;
        for (std::size_t i = 0; i < count; ++i) {
            clients.push_back(std::make_unique<raw_client>(port));
            clients.back()->open();
        }
        BOOST_TEST(test::eventually([&ends] { return ends.are_here(count); }));
        s.stop();
        // Only then has every thread heard of it: until then a connection takes what is sent to it.
        for (const auto& client : clients) {
            BOOST_TEST(client->next() == "close(1001)");
        }
        while (!clients.empty()) {
            if (clients.size() == 1) {  // the others' threads have nothing left to do by now
                BOOST_TEST(test::eventually([&s] { return s.connection_count() == 1; }));
                std::this_thread::sleep_for(50ms);
            }
            clients.back()->send_bytes(test::close_frame(1001));
            BOOST_TEST(clients.back()->next() == "end");
            clients.pop_back();
        }
        running.join();
    }
    BOOST_TEST(ends.ended == count);
    BOOST_TEST(complaints == 0);
}

// What was given up at the deadline goes with the server, whatever it waits for, and wherever.
BOOST_AUTO_TEST_CASE(handlers_that_wait_for_each_others_threads_go_with_the_server) {
    constexpr std::size_t count = 8;
    farewell ends;
    server_options options;
    options.handle_signals = false;
    options.threads = 2;
    server s(options);
    s.route("/ws", [&ends](connection peer) -> awaitable<void> {
        {
            const std::lock_guard lock(ends.mutex);
            ends.all.push_back(peer);
        }
        while (co_await peer.receive()) {
        }
        boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                        std::chrono::hours(1));
        co_await never.async_wait(boost::asio::use_awaitable);
    });
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    std::thread running([&s] { s.run(); });
    std::vector<std::unique_ptr<raw_client>> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(std::make_unique<raw_client>(port));
        clients.back()->open();
    }
    BOOST_TEST(test::eventually([&ends] { return ends.are_here(count); }));
    s.shutdown(0ms);
    running.join();
    // Nobody runs these any more.
    for (connection& each : ends.all) {
        for (connection& other : ends.all) {
            boost::asio::co_spawn(each.get_executor(), other.close(), boost::asio::detached);
        }
    }
    ends.all.clear();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
