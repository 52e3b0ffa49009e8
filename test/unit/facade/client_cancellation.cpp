// Cancelling a connect at any point: one completion, and nothing left open.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::raw_server;
using test::raw_server_peer;

const std::vector<asio::cancellation_type> kinds{asio::cancellation_type::terminal,
                                                 asio::cancellation_type::partial,
                                                 asio::cancellation_type::total};

client_options unhurried(const test::way& how) {
    client_options options = test::trusting(how);
    options.connection.handshake_timeout = 1h;
    return options;
}

/// For a server that speaks no TLS.
const std::array plain{test::way("ws"), test::way("ws", true)};

/// An io_context that has opened whatever it needs for itself.
struct warm_context : asio::io_context {
    warm_context() : asio::io_context(1) {
        const asio::ip::tcp::socket socket(*this, asio::ip::tcp::v4());
        asio::steady_timer timer(*this, 0ms);
        timer.async_wait([](error_code) {});
        run();
        restart();
    }
};

enum class result { cancelled, failed, open };

awaitable<int> connect_once(std::string url, client_options options) {
    static_cast<void>(co_await connect(std::move(url), std::move(options)));
    co_return 1;
}

/// Cancels after so many steps.
result cancel_after(int steps, const std::string& url, const test::way& how,
                    asio::cancellation_type kind) {
    warm_context context;
    const auto before = test::open_descriptors();
    asio::cancellation_signal signal;
    int completions = 0;
    error_code outcome;
    async_connect(
        context.get_executor(), url, unhurried(how),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, connect_result result) {
            ++completions;
            outcome = ec;
            BOOST_TEST(result.peer.has_value() == !ec);
            BOOST_TEST((ec || result.peer->is_open()));
        }));
    for (int i = 0; i < steps && completions == 0; ++i) {
        context.run_one_for(test::patience);
    }
    signal.emit(kind);
    context.run_for(test::patience);
    BOOST_TEST(context.stopped(), "there is still work");
    BOOST_TEST(completions == 1);
    // The server, in this process, has descriptors too.
    BOOST_TEST(test::eventually([before] { return test::open_descriptors() <= before; }));
    if (!outcome) {
        return result::open;
    }
    return outcome == asio::error::operation_aborted ? result::cancelled : result::failed;
}

BOOST_AUTO_TEST_SUITE(client_cancellation)

BOOST_DATA_TEST_CASE(at_every_step, data::make(test::ways), how) {
    const test::echo_server server(how);
    test::run(
        connect_once(server.url, unhurried(how)));  // then the server's own descriptors are there
    int steps = 0;
    for (; steps < 1000; ++steps) {
        const auto kind = kinds[static_cast<std::size_t>(steps) % kinds.size()];
        const result got = cancel_after(steps, server.url, how, kind);
        BOOST_TEST((got != result::failed));
        if (got == result::open) {
            break;
        }
    }
    BOOST_TEST(steps >= 2);  // about six, if the server does not answer before it is waited for
    BOOST_TEST(steps < 1000);
}

BOOST_DATA_TEST_CASE(while_a_name_is_resolved, data::make(plain), how) {
    for (int steps = 0; steps < 3; ++steps) {
        const result got = cancel_after(steps, "ws://does-not-exist.invalid/", how, kinds[0]);
        // A resolver may be quick to know.
        BOOST_TEST((got == result::cancelled || (steps > 0 && got == result::failed)));
    }
}

void wait_for_end(raw_server_peer& peer) {
    try {
        static_cast<void>(peer.read_all());
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::timed_out) {
            throw;
        }
    }
}

/// Cancels what waits for `url`, when the server has `arrived` there.
error_code cancel_when(test::gate& arrived, const std::string& url, const test::way& how) {
    warm_context context;
    asio::cancellation_signal signal;
    error_code outcome;
    int completions = 0;
    async_connect(
        context.get_executor(), url, unhurried(how),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, const connect_result&) {
            outcome = ec;
            ++completions;
        }));
    BOOST_TEST(test::eventually([&] { return context.poll(), arrived.is_open(); }));
    signal.emit(asio::cancellation_type::total);
    context.run_for(test::patience);
    BOOST_TEST(completions == 1);
    return outcome;
}

BOOST_DATA_TEST_CASE(while_the_server_is_silent, data::make(plain), how) {
    test::gate arrived;
    raw_server server([&arrived](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        arrived.open();
        wait_for_end(peer);
    });
    BOOST_TEST(cancel_when(arrived, server.url(), how) == asio::error::operation_aborted);
}

BOOST_DATA_TEST_CASE(in_the_middle_of_the_answer, data::make(plain), how) {
    test::gate arrived;
    raw_server server([&arrived](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes("HTTP/1.1 101 Switching");
        arrived.open();
        wait_for_end(peer);
    });
    BOOST_TEST(cancel_when(arrived, server.url(), how) == asio::error::operation_aborted);
}

BOOST_DATA_TEST_CASE(while_tls_is_silent, data::make(plain), how) {
    test::gate arrived;
    raw_server server(
        [&arrived](raw_server_peer& peer) {
            arrived.open();
            std::array<char, 1> one;
            peer.socket().receive(asio::buffer(one));
            peer.socket().shutdown(asio::socket_base::shutdown_send);
            wait_for_end(peer);
        },
        net::make_self_signed("localhost"));
    BOOST_TEST(cancel_when(arrived, server.url(), how).failed());
}

// ---- coroutines

awaitable<std::string> receive_one(std::string url, client_options options) {
    connection peer = co_await connect(std::move(url), std::move(options));
    const auto next = co_await peer.receive();
    co_return next ? "message" : "end";
}

/// Cancels the coroutine after so many steps, wherever it is; what it throws.
std::string cancel_coroutine_after(int steps, const std::string& url, const test::way& how) {
    warm_context context;
    const auto before = test::open_descriptors();
    asio::cancellation_signal signal;
    std::vector<std::string> ends;
    asio::co_spawn(context, receive_one(url, unhurried(how)),
                   asio::bind_cancellation_slot(signal.slot(), [&ends](const std::exception_ptr& e,
                                                                       const std::string& text) {
                       try {
                           if (e) {
                               std::rethrow_exception(e);
                           }
                           ends.push_back(text);
                       } catch (const connect_error& failure) {
                           ends.push_back("connect: " + failure.code().message());
                       } catch (const boost::system::system_error& failure) {
                           ends.push_back(failure.code().message());
                       }
                   }));
    for (int i = 0; i < steps; ++i) {
        context.run_one_for(20ms);
    }
    signal.emit(asio::cancellation_type::terminal);
    context.run_for(test::patience);
    BOOST_TEST(context.stopped());
    BOOST_TEST(ends.size() == 1U);
    BOOST_TEST(test::eventually([before] { return test::open_descriptors() <= before; }));
    return ends.front();
}

BOOST_DATA_TEST_CASE(a_coroutine_at_every_step, data::make(test::ways), how) {
    const test::echo_server server(how);
    test::run(connect_once(server.url, unhurried(how)));
    const std::string aborted = error_code(asio::error::operation_aborted).message();
    for (int steps = 0; steps < 25; ++steps) {
        const std::string end = cancel_coroutine_after(steps, server.url, how);
        BOOST_TEST((end == aborted || end == "connect: " + aborted), end);
    }
}

awaitable<std::string> race(std::string url, client_options options) {
    using namespace asio::experimental::awaitable_operators;
    const auto first =
        co_await (connect(std::move(url), std::move(options)) || test::pause_for(20ms));
    co_return std::to_string(first.index());
}

BOOST_DATA_TEST_CASE(by_a_timer, data::make(plain), how) {
    raw_server server(wait_for_end);
    BOOST_TEST(test::run(race(server.url(), unhurried(how))) == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
