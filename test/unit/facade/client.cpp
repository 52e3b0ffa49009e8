// connect(): connections with our own server, over ws and wss, in every style of completion.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::to_text;

using test::echo_server;

BOOST_AUTO_TEST_SUITE(client)

// ---- a connection

awaitable<std::string> exchange(std::string url, client_options options) {
    connection peer = co_await connect(std::move(url), std::move(options));
    const std::string large(300'000, 'x');
    message text("grün");
    message binary(message_kind::binary, large);
    message empty;
    co_await peer.send(std::move(text));
    co_await peer.send(std::move(binary));
    co_await peer.send(std::move(empty));
    std::string seen;
    for (int i = 0; i < 3; ++i) {
        const auto received = co_await peer.receive();
        seen += received->is_text() ? "text " : "binary ";
        seen += received->size() > 100 ? std::to_string(received->size()) : received->text();
        seen += received->size() > 100 && received->text() != large ? " damaged, " : ", ";
    }
    close_reason reason(4001, "enough");
    co_await peer.close(std::move(reason));
    co_return seen + to_text(peer.close_info());
}

BOOST_DATA_TEST_CASE(messages_go_both_ways, data::make(test::ways), how) {
    echo_server server(how);
    BOOST_TEST(test::run(exchange(server.url, server.options)) ==
               "text grün, binary 300000, text , 4001 enough local clean");
}

awaitable<std::string> look(std::string url, client_options options, std::uint16_t port) {
    const connection peer = co_await connect(url, std::move(options));
    BOOST_TEST(peer.is_open());
    BOOST_TEST(peer.is_secure() == url.starts_with("wss"));
    BOOST_TEST((peer.remote_address() == address{"127.0.0.1", port}));
    BOOST_TEST(peer.local_address().host == "127.0.0.1");
    BOOST_TEST(peer.local_address().port != port);
    BOOST_TEST((peer.close_info().initiator == initiator::none));
    BOOST_TEST(peer.subprotocol().empty());
    BOOST_TEST(peer.extensions().empty());
    BOOST_TEST(peer.request().method() == "GET");
    BOOST_TEST(*peer.request().header("Host") == "localhost:" + std::to_string(port));
    BOOST_TEST(peer.request().header("X-Mine").value_or("") == "1");
    co_return std::string(peer.request().target());
}

BOOST_DATA_TEST_CASE(the_handle_knows_its_connection, data::make(test::ways), how) {
    echo_server server(how);
    BOOST_TEST(test::run(look(server.url + "?a=b%20c", server.options, server.running->port())) ==
               "/ws?a=b%20c");
}

BOOST_DATA_TEST_CASE(the_last_handle_closes, data::make(test::ways), how) {
    test::box<std::string> end;
    handlers callbacks;
    callbacks.on_close = [&end](connection&, const close_info& info) { end.set(to_text(info)); };
    echo_server server(how, callbacks);
    test::run(look(server.url, server.options, server.running->port()));
    BOOST_TEST(end.get() == "1000 peer clean");
}

awaitable<std::string> compressed(std::string url, client_options options) {
    connection peer = co_await connect(std::move(url), std::move(options));
    const std::string sent(100'000, 'y');
    message out(sent);
    co_await peer.send(std::move(out));
    const auto back = co_await peer.receive();
    const bool same = back && back->text() == sent;
    co_await peer.close();
    co_return std::string(peer.extensions()) + (same ? ", same" : ", damaged");
}

BOOST_DATA_TEST_CASE(compression_is_agreed_on, data::make(test::ways), how) {
    connection_options limits;
    limits.deflate.enabled = true;
    echo_server server(how, limits);
    BOOST_TEST(test::run(compressed(server.url, server.options)) == ", same");
    server.options.connection = limits;
    BOOST_TEST(test::run(compressed(server.url, server.options)).ends_with(", same"));
    server.options.connection.deflate.client_max_window_bits = 10;
    server.options.connection.deflate.server_no_context_takeover = true;
    BOOST_TEST(test::run(compressed(server.url, server.options)) ==
               "permessage-deflate; server_no_context_takeover; client_max_window_bits=10, same");
}

// ---- the executor

using any_strand = asio::strand<asio::any_io_executor>;

/// What the connection runs on: the caller's own executor, or a strand.
awaitable<std::string> look_at_executor(std::string url, client_options options) {
    connection peer = co_await connect(std::move(url), std::move(options));
    const auto executor = peer.get_executor();
    const bool own = executor == co_await asio::this_coro::executor;
    co_await peer.close();
    co_return own ? "own" : executor.target<any_strand>() != nullptr ? "strand" : "other";
}

BOOST_DATA_TEST_CASE(only_a_serial_io_context_needs_no_strand, data::make(test::ways), how) {
    echo_server server(how);
    BOOST_TEST(test::run(look_at_executor(server.url, server.options)) ==
               (how.is_serial ? "own" : "strand"));
}

BOOST_DATA_TEST_CASE(every_other_executor_does, data::make(test::ways), how) {
    echo_server server(how);
    asio::thread_pool pool(1);
    const auto on = [&](const asio::any_io_executor& executor) {
        return asio::co_spawn(executor, look_at_executor(server.url, server.options),
                              asio::use_future)
            .get();
    };
    BOOST_TEST(on(pool.get_executor()) == "strand");
    BOOST_TEST(on(asio::make_strand(pool)) == "strand");
    asio::io_context context;
    const auto guard = asio::make_work_guard(context);
    std::thread running([&context] { context.run(); });
    BOOST_TEST(on(asio::make_strand(context)) == "strand");
    context.stop();
    running.join();
}

// ---- callbacks

BOOST_DATA_TEST_CASE(callbacks_work, data::make(test::ways), how) {
    echo_server server(how);
    test::journal log;
    handlers callbacks;
    callbacks.on_open = [&log](connection& peer) {
        log.add("open");
        peer.try_send("hello");
    };
    callbacks.on_message = [&log](connection& peer, message_view view) {
        log.add(std::string(view.text()));
        peer.request_close();
    };
    callbacks.on_close = [&log](connection&, const close_info& info) { log.add(to_text(info)); };
    const auto open = [](std::string url, handlers use, client_options options) -> awaitable<int> {
        static_cast<void>(co_await connect(std::move(url), std::move(use), std::move(options)));
        co_return 1;  // without a handle, the connection goes on
    };
    test::run(open(server.url, callbacks, server.options));
    BOOST_TEST(log.text() == "open | hello | 1000 local clean");
}

awaitable<void> echo_once(connection& peer, message_view view) {
    co_await test::pause_for(1ms);
    const bool last = view.text() == "two";
    message back = view.to_message();
    co_await peer.send(std::move(back));
    if (last) {
        peer.request_close(close_reason(4000));
    }
}

BOOST_DATA_TEST_CASE(callbacks_may_be_coroutines, data::make(test::ways), how) {
    test::journal log;
    handlers theirs;
    theirs.on_open = [](connection& peer) {
        peer.try_send("one");
        peer.try_send("two");
    };
    theirs.on_message = [&log](connection&, message_view view) {
        log.add(std::string(view.text()));
    };
    theirs.on_close = [&log](connection&, const close_info& info) { log.add(to_text(info)); };
    echo_server server(how, theirs);
    handlers ours;
    ours.on_message = echo_once;
    const auto open = [](std::string url, handlers use, client_options options) -> awaitable<int> {
        connection peer = co_await connect(std::move(url), std::move(use), std::move(options));
        co_return 1;
    };
    test::run(open(server.url, ours, server.options));
    BOOST_TEST(log.wait(3) == "one | two | 4000 peer clean");
}

// The callbacks outlive their connection while one of them is at work (seen under ASan only).
BOOST_DATA_TEST_CASE(a_coroutine_callback_outlives_its_connection,
                     data::make({"close", "reset", "abandon"}), how) {
    test::journal log;
    test::raw_server server([how = std::string(how)](test::raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_frame(1, "one") + test::server_frame(1, "two") +
                        test::server_frame(1, "three"));
        if (how == "reset") {
            static_cast<void>(peer.next());
            peer.reset();
        } else {
            static_cast<void>(peer.next());
            static_cast<void>(peer.next());
        }
    });
    const auto open = [](std::string url, handlers use) -> awaitable<int> {
        client_options options;
        options.connection.close_timeout = 20ms;
        static_cast<void>(co_await connect(std::move(url), std::move(use), std::move(options)));
        co_return 1;
    };
    const auto make = [&log, how = std::string(how)] {
        handlers ours;
        ours.on_message = [&log, how, kept = std::string(100, 'k')](
                              connection& peer, message_view view) -> awaitable<void> {
            peer.try_send("taken");
            if (how == "close") {
                peer.request_close();
            } else if (how == "abandon") {
                peer.request_close(close_reason(4000));
            }
            co_await test::pause_for(60ms);
            log.add(std::string(view.text()) + std::to_string(kept.size()));
        };
        return ours;
    };
    test::run(open(server.url(), make()));
    BOOST_TEST(log.wait(1).starts_with("one100"), log.text());
}

// What a user naturally writes: temporaries within the awaiting expression (g++ 12, under ASan).
awaitable<std::string> natural(std::string url, client_options options) {
    test::journal log;
    connection peer = co_await connect(
        url,
        handlers{
            .on_open = [&log](connection& p) { p.try_send("a text that is not short at all"); },
            .on_message =
                [&log](connection& p, message_view view) {
                    log.add(std::string(view.text()));
                    p.request_close();
                },
            .on_close = [&log](connection&, const close_info&) { log.add("closed"); }},
        options);
    co_await peer.close();
    while (!log.text().ends_with("closed")) {
        co_await test::pause_for(1ms);
    }
    co_return log.text();
}

BOOST_AUTO_TEST_CASE(callbacks_may_be_temporaries) {
    echo_server server("ws");
    const std::string text = test::run(natural(server.url, server.options));
    BOOST_TEST((text == "closed" || text == "a text that is not short at all | closed"), text);
}

awaitable<std::string> failing_open(std::string url) {
    handlers callbacks;
    callbacks.on_open = [](connection&) { throw std::runtime_error("no"); };
    try {
        connection peer = co_await connect(std::move(url), std::move(callbacks));
    } catch (const connect_error& e) {
        co_return "failed";
    }
    co_return "open";
}

BOOST_AUTO_TEST_CASE(an_on_open_that_throws_ends_the_connection) {
    test::box<std::string> end;
    handlers theirs;
    theirs.on_close = [&end](connection&, const close_info& info) { end.set(to_text(info)); };
    echo_server server("ws", theirs);
    BOOST_TEST(test::run(failing_open(server.url)) == "failed");
    BOOST_TEST(end.get() == "1011 peer clean");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
