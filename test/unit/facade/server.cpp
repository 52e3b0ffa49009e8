// The server: listeners, threads, and its stop.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <functional>
#include <set>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using asio::ip::tcp;
using test::raw_client;
using test::to_text;

server_options with_threads(std::size_t threads) {
    server_options options;
    options.threads = threads;
    options.handle_signals = false;
    return options;
}

/// A server that runs in a thread of its own, up to the end of the test or of stop_and_wait().
class running {
public:
    explicit running(server& one) : server_(one), thread_([this] { run(); }) {}
    ~running() {
        server_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    /// False if run() does not return.
    [[nodiscard]] bool has_returned() {
        return test::eventually([this] { return returned_.load(); });
    }
    [[nodiscard]] bool returned_yet() const { return returned_; }

private:
    void run() {
        server_.run();
        returned_ = true;
    }

    server& server_;
    std::atomic<bool> returned_{false};
    std::thread thread_;
};

const std::vector<std::size_t> thread_counts{1, 4};

BOOST_AUTO_TEST_SUITE(serving)

// ---- listening

BOOST_DATA_TEST_CASE(several_listeners_of_both_kinds, data::make(thread_counts), threads) {
    server s(with_threads(threads));
    s.route("/ws", coroutine_handler(test::echo));
    const std::uint16_t plain = s.listen({"127.0.0.1", 0});
    const std::uint16_t named = s.listen({"localhost", 0});
    const std::uint16_t secure = s.listen({"127.0.0.1", 0}, tls_context::self_signed());
    BOOST_TEST((std::set<std::uint16_t>{plain, named, secure}.size()) == 3U);
    BOOST_TEST(plain != 0U);
    const running run(s);
    raw_client first(plain);
    raw_client second(secure, raw_client::transport::tls);
    for (raw_client* const client : {&first, &second}) {
        client->open();
        client->send_text("hello");
        BOOST_TEST(client->next() == "text(hello)");
        BOOST_TEST(client->close() == "close(1000) end");
    }
}

bool has_ipv6() {
    asio::io_context context;
    tcp::acceptor probe(context);
    error_code ec;
    probe.open(tcp::v6(), ec);
    if (!ec) {
        probe.bind({asio::ip::address_v6::loopback(), 0}, ec);
    }
    return !ec;
}

BOOST_DATA_TEST_CASE(ipv6_beside_ipv4, data::make(thread_counts), threads) {
    if (!has_ipv6()) {
        BOOST_TEST_MESSAGE("skipped: this machine has no ::1");
        return;
    }
    test::box<address> remote;
    server s(with_threads(threads));
    s.route("/ws", coroutine_handler([&remote](connection peer) {
                remote.set(peer.remote_address());
                return test::echo(std::move(peer));
            }));
    const std::uint16_t port = s.listen({"::1", 0});
    BOOST_TEST(s.listen({"127.0.0.1", port}) == port);  // "::1" takes IPv6 only
    const running run(s);
    raw_client client(port, raw_client::transport::tcp, "::1");
    client.open();
    BOOST_TEST((remote.get() == address{"::1", client.local_port()}));
    BOOST_TEST(client.close() == "close(1000) end");
}

std::string listen_error(server& s, const address& where) {
    try {
        s.listen(where);
    } catch (const boost::system::system_error& e) {
        return e.what();
    }
    return "it listens";
}

BOOST_DATA_TEST_CASE(a_port_in_use_is_named, data::make(thread_counts), threads) {
    server first(with_threads(threads));
    const std::uint16_t port = first.listen({"127.0.0.1", 0});
    for (const std::size_t others : thread_counts) {
        server second(with_threads(others));
        const std::string what = listen_error(second, {"127.0.0.1", port});
        BOOST_TEST(what.find("127.0.0.1:" + std::to_string(port)) != std::string::npos, what);
        BOOST_TEST(what.find("in use") != std::string::npos, what);
    }
}

BOOST_AUTO_TEST_CASE(an_address_that_is_not_ours_is_named) {
    server s(with_threads(1));
    BOOST_TEST(listen_error(s, {"192.0.2.1", 8888}).find("192.0.2.1:8888") != std::string::npos);
    const std::string unknown = listen_error(s, {"no-such-host.invalid", 8888});
    BOOST_TEST(unknown.find("no-such-host.invalid:8888") != std::string::npos, unknown);
}

BOOST_AUTO_TEST_CASE(it_is_set_up_before_it_runs_and_runs_once) {
    server s(with_threads(2));
    s.listen({"127.0.0.1", 0});
    s.stop();
    s.run();  // returns at once
    BOOST_CHECK_THROW(s.run(), std::logic_error);
    BOOST_CHECK_THROW(s.listen({"127.0.0.1", 0}), std::logic_error);
    BOOST_CHECK_THROW(s.route("/ws", coroutine_handler(test::echo)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(it_need_not_run) {
    server s(with_threads(4));
    s.route("/ws", coroutine_handler(test::echo));
    s.listen({"127.0.0.1", 0});
    s.listen({"127.0.0.1", 0}, tls_context::self_signed());
}

// ---- threads

BOOST_AUTO_TEST_CASE(all_threads_serve_and_a_connection_keeps_its_own) {
    std::mutex mutex;
    std::set<std::thread::id> used;
    std::atomic<int> moved{0};
    handlers callbacks;
    callbacks.on_message = [&](connection& peer, message_view view) {
        static thread_local std::set<std::uint16_t> mine;
        {
            const std::lock_guard lock(mutex);
            used.insert(std::this_thread::get_id());
        }
        if (view.text() == "first") {
            mine.insert(peer.remote_address().port);
        } else if (!mine.contains(peer.remote_address().port)) {
            ++moved;
        }
        peer.try_send(view);
    };
    server s(with_threads(4));
    s.route("/ws", callbacks);
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    const running run(s);
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 64; ++i) {  // the kernel spreads them over the listeners
        clients.push_back(std::make_unique<raw_client>(port));
        clients.back()->open();
        clients.back()->send_bytes(test::text_frame("first"));
    }
    BOOST_TEST(test::eventually([&] { return s.connection_count() == 64; }));
    for (const auto& client : clients) {
        BOOST_TEST(client->next() == "text(first)");
        client->send_bytes(test::text_frame("second"));
        BOOST_TEST(client->next() == "text(second)");
        BOOST_TEST(client->close() == "close(1000) end");
    }
    BOOST_TEST(moved == 0);
    BOOST_TEST(used.size() > 1U);
    BOOST_TEST(test::eventually([&] { return s.connection_count() == 0; }));
}

BOOST_DATA_TEST_CASE(a_throwing_posted_function_does_not_stop_the_server, data::make(thread_counts),
                     threads) {
    handlers callbacks;
    callbacks.on_message = [](connection& peer, message_view view) {
        asio::post(peer.get_executor(), [] { throw std::runtime_error("the user's own"); });
        peer.try_send(view);
    };
    server s(with_threads(threads));
    s.route("/ws", callbacks);
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    const running run(s);
    raw_client client(port);
    client.open();
    for (int i = 0; i < 5; ++i) {
        client.send_text("x");
        BOOST_TEST(client.next() == "text(x)");
    }
    BOOST_TEST(client.close() == "close(1000) end");
}

// ---- capacity

BOOST_AUTO_TEST_CASE(over_capacity_is_told_so) {
    server_options options = with_threads(1);
    options.max_connections = 2;
    server s(options);
    s.route("/ws", coroutine_handler(test::echo));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    const running run(s);
    raw_client first(port);
    first.open();
    raw_client second(port);
    second.open();
    BOOST_TEST(s.connection_count() == 2U);
    {
        raw_client third(port);
        third.send_bytes(test::upgrade_request("/ws"));
        BOOST_TEST(third.read_all().starts_with("HTTP/1.1 503 "));
    }
    BOOST_TEST(first.close() == "close(1000) end");
    BOOST_TEST(test::eventually([&] { return s.connection_count() == 1; }));
    raw_client fourth(port);
    fourth.open();
    BOOST_TEST(fourth.close() == "close(1000) end");
    BOOST_TEST(second.close() == "close(1000) end");
}

// ---- stop

BOOST_DATA_TEST_CASE(stop_sends_1001_to_idle_clients_and_run_returns, data::make(thread_counts),
                     threads) {
    server s(with_threads(threads));
    s.route("/ws", coroutine_handler(test::echo));
    s.route("/callbacks", handlers());
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(std::make_unique<raw_client>(port));
        clients.back()->open(i % 2 == 0 ? "/ws" : "/callbacks");
    }
    raw_client silent(port);  // in its opening handshake
    BOOST_TEST(test::eventually([&] { return s.connection_count() == 11; }));
    s.stop();  // from this thread
    for (const auto& client : clients) {
        BOOST_TEST(client->next() == "close(1001)");
        BOOST_TEST(client->close(1001) == "end");
    }
    const std::string last = silent.next();
    BOOST_TEST((last == "end" || last == "reset"));
    BOOST_TEST(run.has_returned());
    BOOST_TEST(s.connection_count() == 0U);
    BOOST_CHECK_THROW(raw_client{port}, boost::system::system_error);
}

awaitable<void> slow_echo(connection peer) {
    while (auto received = co_await peer.receive()) {
        co_await test::pause_for(2ms);
        co_await peer.send(std::move(*received));
    }
}

BOOST_DATA_TEST_CASE(stop_lets_handlers_answer_what_they_have, data::make(thread_counts), threads) {
    test::box<bool> begun;
    server s(with_threads(threads));
    s.route("/ws", coroutine_handler([&begun](connection peer) {
                return [](test::box<bool>& first, connection self) -> awaitable<void> {
                    auto received = co_await self.receive();
                    first.set(true);
                    co_await test::pause_for(20ms);
                    co_await self.send(std::move(*received));
                    co_await slow_echo(std::move(self));
                }(begun, std::move(peer));
            }));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client client(port);
    client.open();
    client.send_bytes(test::text_frame("1") + test::text_frame("2") + test::text_frame("3"));
    static_cast<void>(begun.get());
    s.stop();
    BOOST_TEST(client.next() == "text(1)");
    BOOST_TEST(client.next() == "text(2)");
    BOOST_TEST(client.next() == "text(3)");
    BOOST_TEST(client.next() == "close(1001)");
    BOOST_TEST(client.close(1001) == "end");
    BOOST_TEST(run.has_returned());
}

BOOST_DATA_TEST_CASE(stop_from_a_handler, data::make(thread_counts), threads) {
    server s(with_threads(threads));
    handlers callbacks;
    callbacks.on_message = [&s](connection& peer, message_view) {
        s.stop();
        peer.try_send("stopping");
    };
    s.route("/ws", callbacks);
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client client(port);
    client.open();
    client.send_text("stop");
    BOOST_TEST(client.next() == "text(stopping)");
    BOOST_TEST(client.next() == "close(1001)");
    BOOST_TEST(client.close(1001) == "end");
    BOOST_TEST(run.has_returned());
}

BOOST_DATA_TEST_CASE(stop_before_run, data::make(thread_counts), threads) {
    server s(with_threads(threads));
    s.route("/ws", coroutine_handler(test::echo));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    raw_client client(port);  // waits in the queue
    s.stop();
    s.stop();
    s.run();
    const std::string last = client.next();
    BOOST_TEST((last == "end" || last == "reset"));
}

BOOST_DATA_TEST_CASE(shutdown_without_drain_time_cuts, data::make(thread_counts), threads) {
    test::journal log;
    handlers callbacks;
    callbacks.on_open = [&log](connection&) { log.add("open"); };
    callbacks.on_close = [&log](connection&, const close_info& info) {
        log.add(info.ec == error::shut_down && !info.clean ? "cut" : to_text(info));
    };
    server s(with_threads(threads));
    s.route("/ws", callbacks);
    s.route("/coroutine", coroutine_handler(test::echo));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client first(port);
    first.open();
    raw_client second(port);
    second.open("/coroutine");
    s.shutdown(0ms);
    BOOST_TEST(run.has_returned());
    BOOST_TEST(log.text() == "open | cut");
    for (raw_client* const client : {&first, &second}) {
        const std::string rest = client->rest();  // Close 1001, or not even that
        BOOST_TEST((rest.ends_with("end") || rest.ends_with("reset")), rest);
    }
}

BOOST_DATA_TEST_CASE(a_shorter_shutdown_overtakes_a_stop, data::make(thread_counts), threads) {
    server s(with_threads(threads));
    s.route("/ws", coroutine_handler(test::echo));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client client(port);
    client.open();
    s.stop();
    BOOST_TEST(client.next() == "close(1001)");  // and is not answered
    BOOST_TEST(!run.returned_yet());
    s.shutdown(0ms);
    BOOST_TEST(run.has_returned());
}

BOOST_DATA_TEST_CASE(a_client_that_never_answers_is_cut_by_close_timeout, data::make(thread_counts),
                     threads) {
    test::box<std::string> ended;
    handlers callbacks;
    callbacks.on_close = [&ended](connection&, const close_info& info) {
        ended.set(to_text(info));
    };
    server_options options = with_threads(threads);
    options.connection.close_timeout = 50ms;
    options.drain_timeout = 1h;
    server s(options);
    s.route("/ws", callbacks);
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client client(port);
    client.open();
    s.stop();
    BOOST_TEST(client.next() == "close(1001)");
    BOOST_TEST(run.has_returned());  // the client's socket is still open
    BOOST_TEST(ended.get() ==
               "1001 local unclean: " + make_error_code(error::close_timeout).message());
}

BOOST_DATA_TEST_CASE(a_client_that_does_not_end_tcp_is_cut_by_close_timeout,
                     data::make(thread_counts), threads) {
    server_options options = with_threads(threads);
    options.connection.close_timeout = 50ms;
    options.drain_timeout = 1h;
    server s(options);
    s.route("/ws", coroutine_handler(test::echo));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    const running run(s);
    raw_client client(port);
    client.open();
    client.send_bytes(test::close_frame(1000));
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.next() == "end");
    BOOST_TEST(test::eventually([&] { return s.connection_count() == 0; }));
}

awaitable<void> deaf(test::gate& released, connection) { co_await released.wait(); }

BOOST_DATA_TEST_CASE(a_handler_that_does_not_receive_does_not_keep_run, data::make(thread_counts),
                     threads) {
    test::gate released;
    test::box<bool> given_up;
    server_options options = with_threads(threads);
    options.connection.close_timeout = 50ms;
    options.drain_timeout = 200ms;
    server s(options);
    s.route("/ws", coroutine_handler(
                       [&released](connection peer) { return deaf(released, std::move(peer)); }));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client client(port);
    client.open();
    client.send_text("never received");
    s.stop();
    BOOST_TEST(run.has_returned());
    const std::string rest = client.rest();
    BOOST_TEST(rest.starts_with("close(1001)"), rest);
}

BOOST_AUTO_TEST_CASE(signals_stop_it) {
    server_options options = with_threads(2);
    options.handle_signals = true;
    server s(options);
    s.route("/ws", coroutine_handler(test::echo));
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    running run(s);
    raw_client client(port);
    client.open();  // it runs, so it handles signals
    std::raise(SIGTERM);
    BOOST_TEST(client.next() == "close(1001)");
    BOOST_TEST(client.close(1001) == "end");
    BOOST_TEST(run.has_returned());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
