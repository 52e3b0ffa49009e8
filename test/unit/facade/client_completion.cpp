// connect() and async_connect() with every kind of completion token, and what they throw.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <future>

#include "support/client_run.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::echo_server;
using test::to_text;

BOOST_AUTO_TEST_SUITE(client_completion)

BOOST_DATA_TEST_CASE(a_future, data::make(test::schemes), scheme) {
    echo_server server(scheme);
    asio::thread_pool pool(1);
    {
        std::future<connect_result> future =
            async_connect(pool.get_executor(), server.url, server.options, asio::use_future);
        BOOST_REQUIRE((future.wait_for(test::patience) == std::future_status::ready));
        connect_result result = future.get();
        BOOST_REQUIRE(result.peer);
        BOOST_TEST(result.response.status() == 101U);
        BOOST_TEST(result.response.header("Sec-WebSocket-Accept")->size() == 28U);
        BOOST_TEST(result.peer->is_open());
        result.peer->async_close({}, asio::use_future).wait();
    }
    pool.join();
}

// asio::co_spawn hands out an empty result beside an exception.
BOOST_AUTO_TEST_CASE(a_future_of_the_coroutine) {
    echo_server server(test::schemes[0]);
    asio::thread_pool pool(1);
    {
        auto opened = asio::co_spawn(pool, connect(server.url, server.options), asio::use_future);
        connection peer = opened.get();
        BOOST_TEST(static_cast<bool>(peer));
        BOOST_TEST(peer.is_open());
        auto refused = asio::co_spawn(pool, connect("ws://", client_options()), asio::use_future);
        BOOST_CHECK_THROW(refused.get(), connect_error);
        peer.async_close({}, asio::use_future).wait();
    }
    pool.join();
    const connection none;
    BOOST_TEST(!none);
    BOOST_TEST(!none.is_open());
    BOOST_TEST((none == connection()));
}

BOOST_AUTO_TEST_CASE(a_future_tells_of_errors) {
    asio::io_context context;
    auto future = async_connect(context.get_executor(), "http://localhost", {}, asio::use_future);
    context.run_for(test::patience);
    BOOST_CHECK_EXCEPTION(future.get(), boost::system::system_error,
                          [](const auto& e) { return e.code() == error::bad_argument; });
}

BOOST_DATA_TEST_CASE(a_callback, data::make(test::ways), how) {
    echo_server server(how);
    asio::io_context context(1);
    bool inside = true;
    int calls = 0;
    async_connect(context.get_executor(), server.url, server.options,
                  [&](error_code ec, connect_result result) {
                      ++calls;
                      BOOST_TEST(!inside);
                      BOOST_TEST(!ec);
                      BOOST_TEST(result.peer.has_value());
                  });
    inside = false;
    context.run_for(test::patience);
    BOOST_TEST(context.stopped());
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_callback_that_cannot_be_copied_on_its_own_executor) {
    echo_server server("ws");
    asio::io_context context(1);
    asio::io_context other(1);
    int calls = 0;
    auto callback = [&calls, &other, mine = std::make_unique<int>(1)](error_code ec,
                                                                      connect_result) {
        calls += ec ? 0 : *mine;
        BOOST_TEST(other.get_executor().running_in_this_thread());
    };
    async_connect(context.get_executor(), server.url, server.options,
                  asio::bind_executor(other.get_executor(), std::move(callback)));
    BOOST_TEST(test::eventually([&] {
        context.poll();
        context.restart();
        return other.poll() > 0;  // it has work all the time, so it is not stopped before
    }));
    context.run_for(test::patience);
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_deferred_operation) {
    echo_server server("ws");
    asio::io_context context(1);
    int calls = 0;
    auto later = async_connect(context.get_executor(), server.url, server.options, asio::deferred);
    context.run_for(10ms);
    BOOST_TEST(calls == 0);
    std::move(later)([&calls](error_code ec, connect_result) { calls += ec ? 100 : 1; });
    context.restart();
    context.run_for(test::patience);
    BOOST_TEST(calls == 1);
}

awaitable<std::string> as_tuple_of(std::string url, client_options options) {
    const auto executor = co_await asio::this_coro::executor;
    auto [ec, result] = co_await async_connect(executor, std::move(url), std::move(options),
                                               asio::as_tuple(asio::use_awaitable));
    if (ec) {
        BOOST_TEST(!result.peer);
        co_return ec.message();
    }
    co_await result.peer->close();
    co_return to_text(result.peer->close_info());
}

BOOST_AUTO_TEST_CASE(a_tuple) {
    echo_server server("ws");
    BOOST_TEST(test::run(as_tuple_of(server.url, server.options)) == "1000 local clean");
    BOOST_TEST(test::run(as_tuple_of("ws://", server.options)) ==
               make_error_code(error::bad_argument).message());
}

awaitable<std::string> first_of_two(std::string url) {
    using namespace asio::experimental::awaitable_operators;
    const auto first = co_await (connect(std::move(url)) || test::pause_for(1h));
    co_return std::to_string(first.index());
}

BOOST_AUTO_TEST_CASE(connecting_is_one_of_several_operations) {
    echo_server server("ws");
    BOOST_TEST(test::run(first_of_two(server.url)) == "0");
}

// ---- options out of their range

awaitable<std::string> with_bad_option(client_options options) {
    try {
        static_cast<void>(co_await connect("ws://127.0.0.1:1/", std::move(options)));
    } catch (const std::invalid_argument& e) {
        co_return e.what();
    }
    co_return "taken";
}

BOOST_AUTO_TEST_CASE(an_option_out_of_range_is_refused) {
    client_options options;
    options.connection.deflate.level = 10;
    BOOST_TEST(test::run(with_bad_option(options)).find("deflate.level") != std::string::npos);
}

awaitable<std::string> with_bad_option_by_token(client_options options) {
    const auto executor = co_await asio::this_coro::executor;
    try {
        static_cast<void>(co_await async_connect(executor, "ws://127.0.0.1:1/", std::move(options),
                                                 asio::use_awaitable));
    } catch (const std::invalid_argument& e) {
        co_return e.what();
    }
    co_return "taken";
}

BOOST_AUTO_TEST_CASE(by_async_connect_too) {
    client_options options;
    options.connection.deflate.level = 10;
    BOOST_TEST(test::run(with_bad_option_by_token(options)).find("deflate.level") !=
               std::string::npos);
    asio::io_context context(1);
    BOOST_CHECK_THROW(static_cast<void>(async_connect(context.get_executor(), "ws://127.0.0.1:1/",
                                                      options, asio::use_future)),
                      std::invalid_argument);
    BOOST_TEST(context.run() == 0U);
    BOOST_CHECK_THROW(
        static_cast<void>(async_connect({}, "ws://127.0.0.1:1/", {}, asio::use_future)),
        std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
