// serve(): one socket on an executor of the user's own; its result, its strand, its end.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

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

BOOST_AUTO_TEST_SUITE(serving_a_socket)

constexpr std::array shared{test::arrangement::serve_pool, test::arrangement::serve_context};
constexpr std::array served{test::arrangement::serve_pool, test::arrangement::serve_context,
                            test::arrangement::serve_serial};

// ---- the result

BOOST_DATA_TEST_CASE(the_result_says_how_it_ended, data::make(served), where) {
    const auto host = test::start_host(where, coroutine_handler(test::echo));
    raw_client client(host->port());
    client.open("/any/path");
    client.send_bytes(test::close_frame(4004, "why not"));
    BOOST_TEST(client.rest() == "close(4004) end");
    BOOST_TEST(to_text(host->result()) == "4004 why not peer clean");
}

BOOST_DATA_TEST_CASE(the_result_tells_of_a_reset, data::make(served), where) {
    const auto host = test::start_host(where, handlers());
    raw_client client(host->port());
    client.open();
    client.reset();
    BOOST_TEST(to_text(host->result()) == "1006 peer unclean: Connection reset by peer");
}

BOOST_DATA_TEST_CASE(a_refused_handshake_is_a_result, data::make(served), where) {
    const auto host = test::start_host(where, coroutine_handler(test::echo));
    raw_client client(host->port());
    client.send_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    BOOST_TEST(client.read_all().starts_with("HTTP/1.1 426 "));
    const close_info info = host->result();
    BOOST_TEST(info.ec == make_error_code(error::upgrade_required));
    BOOST_TEST(!info.clean);
}

BOOST_DATA_TEST_CASE(a_handshake_that_does_not_come_is_a_result, data::make(served), where) {
    test::host_options options;
    options.connection.handshake_timeout = 50ms;
    const auto host = test::start_host(where, coroutine_handler(test::echo), options);
    raw_client client(host->port());
    client.send_bytes("GET / HTTP/1.1\r\n");
    BOOST_TEST(client.read_all().starts_with("HTTP/1.1 408 "));
    const close_info info = host->result();
    BOOST_TEST((info.ec == condition::timeout));
}

BOOST_DATA_TEST_CASE(a_peer_that_leaves_before_the_handshake_is_a_result, data::make(served),
                     where) {
    const auto host = test::start_host(where, coroutine_handler(test::echo));
    raw_client client(host->port());
    client.reset();
    const close_info info = host->result();
    BOOST_TEST(info.ec.failed());
    BOOST_TEST(!info.clean);
}

// ---- TLS

// [6455-10.6-1]
BOOST_DATA_TEST_CASE(the_same_over_tls, data::make(test::all_arrangements), where) {
    test::host_options options;
    options.tls = tls_context::self_signed();
    test::box<bool> secure;
    const auto host = test::start_host(where, coroutine_handler([&secure](connection peer) {
                                           secure.set(peer.is_secure());
                                           return test::echo(std::move(peer));
                                       }),
                                       options);
    raw_client client(host->port(), raw_client::transport::tls);
    client.open();
    const std::string large(300'000, 'x');
    client.send_bytes(test::text_frame("hello") + test::encode_frame(2, large));
    BOOST_TEST(client.next() == "text(hello)");
    BOOST_TEST((client.read_frame().payload == large));
    BOOST_TEST(client.close() == "close(1000) end");
    BOOST_TEST(secure.get());
}

BOOST_DATA_TEST_CASE(callbacks_over_tls, data::make(test::all_arrangements), where) {
    test::host_options options;
    options.tls = tls_context::self_signed();
    test::journal log;
    handlers callbacks;
    callbacks.on_message = [](connection& peer, message_view view) { peer.try_send(view); };
    callbacks.on_close = [&log](connection&, const close_info& info) { log.add(to_text(info)); };
    const auto host = test::start_host(where, callbacks, options);
    raw_client client(host->port(), raw_client::transport::tls);
    client.open();
    client.send_text("hello");
    BOOST_TEST(client.next() == "text(hello)");
    BOOST_TEST(client.close() == "close(1000) end");
    BOOST_TEST(log.wait(1) == "1000 peer clean");
}

BOOST_DATA_TEST_CASE(a_failed_tls_handshake_is_a_result, data::make(served), where) {
    test::host_options options;
    options.tls = tls_context::self_signed();
    const auto host = test::start_host(where, coroutine_handler(test::echo), options);
    raw_client client(host->port());  // plain
    client.send_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    try {
        static_cast<void>(client.read_all());
    } catch (const boost::system::system_error&) {
        // a reset will do
    }
    const close_info info = host->result();
    BOOST_TEST(info.ec.failed());
    BOOST_TEST(!info.clean);
}

// ---- the strand

/// A connected pair: a raw client, and its other end on `context`.
struct pair {
    explicit pair(asio::io_context& context, raw_client::transport how = raw_client::transport::tcp,
                  raw_client::window size = raw_client::window::usual)
        : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), socket(context) {
        static_cast<void>(how);
        client.emplace(acceptor.local_endpoint().port(), raw_client::transport::tcp, "127.0.0.1",
                       size);
        acceptor.accept(socket);
        acceptor.close();
    }
    tcp::acceptor acceptor;
    tcp::socket socket;
    std::optional<raw_client> client;
};

void ignore_result(std::exception_ptr, close_info) {}

awaitable<void> stay_on_strand(std::atomic<int>& active, std::atomic<int>& wrong, connection peer) {
    const auto strand = co_await asio::this_coro::executor;
    // any_io_executor has no running_in_this_thread; what a strand promises is one at a time.
    const auto check = [&] {
        wrong += ++active == 1 ? 0 : 1;
        wrong += strand == peer.get_executor() ? 0 : 1;
        std::this_thread::yield();
        --active;
    };
    for (int i = 0; i < 50; ++i) {
        asio::post(peer.get_executor(), check);
        check();
        co_await test::pause_for(20us);
        check();
        message tick("tick");
        co_await peer.send(std::move(tick));
        check();
        if (!co_await peer.receive()) {
            co_return;
        }
        check();
    }
}

BOOST_DATA_TEST_CASE(the_handler_stays_on_the_strand, data::make(test::all_arrangements), where) {
    std::atomic<int> active{0};
    std::atomic<int> wrong{0};
    {
        const auto host =
            test::start_host(where, coroutine_handler([&](connection peer) {
                                 return stay_on_strand(active, wrong, std::move(peer));
                             }));
        raw_client client(host->port());
        client.open();
        for (int i = 0; i < 50; ++i) {
            BOOST_TEST(client.next() == "text(tick)");
            client.send_text("tock");
        }
        BOOST_TEST(client.next() == "close(1000)");
        BOOST_TEST(client.close() == "end");
    }
    BOOST_TEST(wrong == 0);
}

using any_strand = asio::strand<asio::any_io_executor>;

awaitable<void> ask_strand(std::atomic<bool>& inside, connection peer) {
    const auto executor = co_await asio::this_coro::executor;
    const auto* const strand = executor.target<any_strand>();
    bool all = strand != nullptr && strand->running_in_this_thread();
    co_await test::pause_for(1ms);
    all = all && strand->running_in_this_thread();
    const auto received = co_await peer.receive();
    inside = all && received && strand->running_in_this_thread();
}

BOOST_DATA_TEST_CASE(serve_makes_a_strand_of_its_own, data::make(shared), where) {
    std::atomic<bool> inside{false};
    const auto host = test::start_host(where, coroutine_handler([&inside](connection peer) {
                                           return ask_strand(inside, std::move(peer));
                                       }));
    raw_client client(host->port());
    client.open();
    client.send_text("x");
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
    BOOST_TEST(inside);
}

BOOST_AUTO_TEST_CASE(a_serial_io_context_needs_none) {
    test::box<bool> inside;
    const auto host = test::start_host(
        test::arrangement::serve_serial,
        coroutine_handler([&inside](connection peer) -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            const auto* const own = executor.target<asio::io_context::executor_type>();
            inside.set(own != nullptr && own->running_in_this_thread() &&
                       peer.get_executor() == executor);
        }));
    raw_client client(host->port());
    client.open();
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
    BOOST_TEST(inside.get());
}

// Nothing is lost by the promise where it cannot be made use of.
BOOST_AUTO_TEST_CASE(another_serial_executor_is_served_on_a_strand) {
    asio::io_context context;
    pair ends(context);
    tcp::socket socket(asio::make_strand(context), tcp::v4(), ends.socket.release());
    serve_options options;
    options.executor_is_serial = true;
    std::atomic<bool> inside{false};
    const auto handler = coroutine_handler(
        [&inside](connection peer) { return ask_strand(inside, std::move(peer)); });
    asio::co_spawn(context, serve(std::move(socket), handler, options), ignore_result);
    std::thread running([&context] { context.run(); });
    ends.client->open();
    ends.client->send_text("x");
    BOOST_TEST(ends.client->next() == "close(1000)");
    BOOST_TEST(ends.client->close() == "end");
    running.join();
    BOOST_TEST(inside);
}

// ---- cancelling it

/// What a spawned serve() completes with.
auto store(std::promise<close_info>& result) {
    return [&result](std::exception_ptr exception, close_info info) {
        if (exception) {
            result.set_exception(exception);
        } else {
            result.set_value(std::move(info));
        }
    };
}

BOOST_DATA_TEST_CASE(cancelling_cuts_the_connection,
                     data::make({"before", "during", "after"}) * data::make({false, true}), opening,
                     serial) {
    asio::thread_pool pool(4);
    asio::io_context own;
    pair ends(own);
    auto guard = asio::make_work_guard(own);
    std::thread running([&own] { own.run(); });
    // Else the socket of `own` goes to the pool.
    tcp::socket socket = serial
                             ? std::move(ends.socket)
                             : tcp::socket(pool.get_executor(), tcp::v4(), ends.socket.release());
    asio::cancellation_signal cut;
    std::promise<close_info> result;
    const asio::any_io_executor strand =
        serial ? asio::any_io_executor(own.get_executor()) : asio::make_strand(pool.get_executor());
    serve_options options;
    options.executor_is_serial = serial;
    const std::string when = opening;
    test::journal log;
    handlers callbacks;
    callbacks.on_open = [&log](connection&) { log.add("open"); };
    callbacks.on_close = [&log](connection&, const close_info&) { log.add("close"); };
    asio::co_spawn(strand, serve(std::move(socket), callbacks, options),
                   asio::bind_cancellation_slot(cut.slot(), store(result)));
    if (when == "during") {
        ends.client->send_bytes("GET /ws HTTP/1.1\r\n");
    } else if (when == "after") {
        ends.client->open();
        BOOST_TEST(log.wait(1) == "open");
    }
    asio::post(strand, [&cut] { cut.emit(asio::cancellation_type::terminal); });
    auto future = result.get_future();
    BOOST_REQUIRE((future.wait_for(test::patience) == std::future_status::ready));
    try {
        const close_info info = future.get();
        BOOST_TEST(!info.clean);
        BOOST_TEST(info.ec == asio::error::operation_aborted);
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code() == asio::error::operation_aborted);  // before serve() had begun
    }
    const std::string last = ends.client->next();
    BOOST_TEST((last == "end" || last == "reset"));
    if (when == "after") {
        BOOST_TEST(log.wait(2) == "open | close");
    }
    pool.join();
    guard.reset();
    running.join();
}

// ---- the executor goes first: nothing leaks (ASan), nothing crashes

awaitable<void> wait_forever(connection peer) {
    asio::steady_timer timer(peer.get_executor(), asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
}

awaitable<void> flood(connection peer) {
    for (;;) {
        message whole(std::string(64 * 1024, 'x'));
        co_await peer.send(std::move(whole));
    }
}

awaitable<void> close_and_wait(connection peer) { co_await peer.close(); }

/// Runs a session until all has happened that can, then destroys its io_context under it.
template <class Handler>
void destroy_live(Handler handler, std::string_view sent, std::string_view expected) {
    for (const bool serial : {false, true}) {
        asio::io_context context;
        pair ends(context, raw_client::transport::tcp, raw_client::window::small);
        serve_options options;
        options.connection.inbox_high_water = 1;
        options.connection.outbox_high_water = 1;
        options.executor_is_serial = serial;
        asio::co_spawn(context, serve(std::move(ends.socket), handler, options), ignore_result);
        ends.client->send_bytes(test::upgrade_request("/"));
        ends.client->send_bytes(sent);
        context.run_for(50ms);
        BOOST_TEST(ends.client->read_head().starts_with("HTTP/1.1 101 "));
        if (!expected.empty()) {
            BOOST_TEST(ends.client->next() == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_executor_goes_while_a_receive_waits) {
    destroy_live(coroutine_handler(test::echo), test::text_frame("x"), "text(x)");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_while_the_handler_is_elsewhere) {
    destroy_live(coroutine_handler(wait_forever), "", "");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_while_reading_is_stopped) {
    destroy_live(coroutine_handler(wait_forever), test::text_frame("1") + test::text_frame("2"),
                 "");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_while_a_send_waits) {
    destroy_live(coroutine_handler(flood), "", "");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_while_a_close_waits) {
    destroy_live(coroutine_handler(close_and_wait), "", "close(1000)");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_while_our_close_waits_for_the_handler) {
    destroy_live(coroutine_handler([](connection peer) -> awaitable<void> {
                     return [](connection self) -> awaitable<void> {
                         static_cast<void>(co_await self.receive());
                         co_await wait_forever(self);
                     }(std::move(peer));
                 }),
                 test::text_frame("1") + test::text_frame("2") + test::close_frame(1000), "");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_under_callbacks) {
    handlers callbacks;
    callbacks.on_message = [](connection& peer, message_view view) { peer.try_send(view); };
    destroy_live(callbacks, test::text_frame("x"), "text(x)");
}

BOOST_AUTO_TEST_CASE(the_executor_goes_under_coroutine_callbacks) {
    handlers callbacks;
    callbacks.on_message = [](connection& peer, message_view) { return wait_forever(peer); };
    destroy_live(callbacks, test::text_frame("1") + test::text_frame("2"), "");
}

BOOST_DATA_TEST_CASE(the_executor_goes_during_the_opening_handshake, data::make({false, true}),
                     serial) {
    asio::io_context context;
    pair ends(context);
    serve_options options;
    options.executor_is_serial = serial;
    asio::co_spawn(context, serve(std::move(ends.socket), coroutine_handler(test::echo), options),
                   ignore_result);
    ends.client->send_bytes("GET / HTTP/1.1\r\n");
    context.run_for(20ms);
}

BOOST_DATA_TEST_CASE(the_executor_goes_during_the_tls_handshake, data::make({false, true}),
                     serial) {
    asio::io_context context;
    pair ends(context);
    serve_options options;
    options.executor_is_serial = serial;
    asio::co_spawn(context,
                   serve(std::move(ends.socket), tls_context::self_signed(),
                         coroutine_handler(test::echo), options),
                   ignore_result);
    context.run_for(20ms);
}

BOOST_AUTO_TEST_CASE(serve_that_is_never_awaited_closes_the_socket) {
    asio::io_context context;
    pair ends(context);
    {
        const auto never = serve(std::move(ends.socket), coroutine_handler(test::echo));
    }
    const std::string last = ends.client->next();
    BOOST_TEST((last == "end" || last == "reset"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
