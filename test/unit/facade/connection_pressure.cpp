// Back-pressure both ways, and cancelling what waits (DESIGN §3.7, §3.9): nothing is lost, nothing
// is sent that was taken back, and the connection goes on.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
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

BOOST_AUTO_TEST_SUITE(connection_pressure)

// ---- cancelled receive

awaitable<void> receive_with_a_timer(std::chrono::microseconds patience, connection peer) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::size_t cancelled = 0;
    for (;;) {
        timer.expires_after(patience);
        auto either = co_await (peer.receive() || timer.async_wait(asio::use_awaitable));
        if (either.index() == 1) {
            ++cancelled;
            continue;
        }
        std::optional<message> received = std::get<0>(std::move(either));
        if (!received) {
            co_return;
        }
        if (received->text() == "end") {
            message count("cancelled: " + std::to_string(cancelled));
            co_await peer.send(std::move(count));
        } else {
            co_await peer.send(std::move(*received));
        }
    }
}

BOOST_DATA_TEST_CASE(a_receive_cancelled_by_a_timer_loses_no_message,
                     data::make(test::all_arrangements) * data::make({0, 20, 60, 200, 1000}), where,
                     microseconds) {
    const auto host = test::start_host(
        where, coroutine_handler([microseconds](connection peer) {
            return receive_with_a_timer(std::chrono::microseconds(microseconds), std::move(peer));
        }));
    raw_client client(host->port());
    client.open();
    std::string expected;
    std::string got;
    for (int i = 0; i < 300; ++i) {
        const std::string number = std::to_string(i);
        expected += "text(" + number + ") ";
        client.send_text(number);
        if (i % 3 == 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(i % 7 * 50));  // not in step
        }
    }
    client.send_text("end");
    std::string last;
    while (!(last = client.next()).starts_with("text(cancelled")) {
        if (last.find('(') == std::string::npos || last.starts_with("close")) {
            break;
        }
        got += last + " ";
    }
    BOOST_TEST((got == expected));
    BOOST_TEST(last.starts_with("text(cancelled"));
    BOOST_TEST(client.close() == "close(1000) end");
}

// The cancellation and the message come in the same turn of the strand: whoever is told of the one
// must not lose the other.
awaitable<void> block_and_cancel(std::string& log, test::gate& sent, connection peer) {
    while (log.size() < 3) {
        asio::steady_timer timer(peer.get_executor(), asio::steady_timer::time_point::max());
        asio::post(peer.get_executor(), [&timer, &sent] {
            while (!sent.is_open()) {
                std::this_thread::yield();  // the strand is busy while the messages arrive
            }
            timer.cancel();
        });
        const auto either = co_await (peer.async_receive(asio::as_tuple(asio::use_awaitable)) ||
                                      timer.async_wait(asio::as_tuple(asio::use_awaitable)));
        if (either.index() == 0) {
            const auto& received = std::get<1>(std::get<0>(either));
            if (!received) {
                co_return;
            }
            log += received->text();
        }
    }
    message answer(log);
    co_await peer.send(std::move(answer));
}

BOOST_DATA_TEST_CASE(a_message_that_meets_the_cancellation_is_kept,
                     data::make(test::all_arrangements), where) {
    for (int round = 0; round < 20; ++round) {
        std::string log;
        test::gate sent;
        const auto host = test::start_host(where, coroutine_handler([&](connection peer) {
                                               return block_and_cancel(log, sent, std::move(peer));
                                           }));
        raw_client client(host->port());
        client.open();
        client.send_bytes(test::text_frame("a") + test::text_frame("b") + test::text_frame("c"));
        sent.open();
        // A lost one is made up for by a later one, so that the test need not time out.
        client.send_bytes(test::text_frame("d") + test::text_frame("e"));
        BOOST_TEST(client.next() == "text(abc)");
        BOOST_TEST(client.next() == "close(1000)");
        BOOST_TEST(client.close() == "end");
    }
}

// ---- cancelled send

connection_options small_outbox() {
    connection_options options;
    options.outbox_high_water = 4096;
    return options;
}

/// Sends large numbered messages until one has to wait; takes that one back.
struct stuck_sender {
    static constexpr std::size_t size = 64 * 1024;
    test::box<int> taken_back;  // its number
    test::gate reading;

    static std::string numbered(int number) {
        std::string text = std::to_string(number) + " ";
        text.resize(size, 'x');
        return text;
    }

    static awaitable<void> run(stuck_sender& s, connection peer) {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (int number = 0;; ++number) {
            timer.expires_after(100ms);
            message whole(numbered(number));
            const auto either =
                co_await (peer.send(std::move(whole)) || timer.async_wait(asio::use_awaitable));
            if (either.index() == 1) {
                s.taken_back.set(number);
                break;
            }
        }
        co_await s.reading.wait();
        message after("after");
        co_await peer.send(std::move(after));
    }
};

BOOST_DATA_TEST_CASE(a_send_cancelled_while_it_waits_is_not_sent,
                     data::make(test::all_arrangements), where) {
    stuck_sender sender;
    const auto host = test::start_host(where, coroutine_handler([&sender](connection peer) {
                                           return stuck_sender::run(sender, std::move(peer));
                                       }),
                                       {small_outbox()});
    raw_client client(host->port(), raw_client::transport::tcp, "127.0.0.1",
                      raw_client::window::small);
    client.open();
    const int taken_back = sender.taken_back.get();
    BOOST_TEST_REQUIRE(taken_back > 0);
    sender.reading.open();
    for (int number = 0; number < taken_back; ++number) {
        const test::raw_frame frame = client.read_frame();
        BOOST_TEST_REQUIRE((frame.payload == stuck_sender::numbered(number)));
    }
    BOOST_TEST(client.next() == "text(after)");
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
}

// ---- a peer that does not read

awaitable<void> send_many(test::journal& log, std::atomic<int>& sent, connection peer) {
    for (int number = 0; number < 200; ++number) {
        message whole(stuck_sender::numbered(number));
        co_await peer.send(std::move(whole));
        ++sent;
    }
    log.add("all sent");
}

BOOST_DATA_TEST_CASE(send_waits_for_a_peer_that_does_not_read, data::make(test::all_arrangements),
                     where) {
    test::journal log;
    std::atomic<int> sent{0};
    const auto host = test::start_host(where, coroutine_handler([&](connection peer) {
                                           return send_many(log, sent, std::move(peer));
                                       }),
                                       {small_outbox()});
    raw_client client(host->port(), raw_client::transport::tcp, "127.0.0.1",
                      raw_client::window::small);
    client.open();
    // It has stopped when the count stands still; 200 messages are more than the kernel takes.
    int before = -1;
    BOOST_TEST(test::eventually([&] {
        const int now = sent;
        const bool still = now == before && now > 0;
        before = now;
        std::this_thread::sleep_for(50ms);
        return still;
    }));
    BOOST_TEST(log.text() == "");
    for (int number = 0; number < 200; ++number) {
        const test::raw_frame frame = client.read_frame();
        BOOST_TEST_REQUIRE((frame.payload == stuck_sender::numbered(number)));
    }
    BOOST_TEST(log.wait(1) == "all sent");
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
}

struct try_sender {
    test::box<int> accepted;
    test::gate drained;

    static awaitable<void> run(try_sender& s, connection peer) {
        int number = 0;
        while (!peer.try_send(std::string_view(stuck_sender::numbered(number)))) {
            ++number;
        }
        const error_code full = peer.try_send(std::string_view(stuck_sender::numbered(number)));
        s.accepted.set(full == error::outbox_full ? number : -1);
        co_await s.drained.wait();
        co_await test::pause_for(1ms);
        message after(peer.try_send("small again") ? "refused" : "taken");
        co_await peer.send(std::move(after));
    }
};

BOOST_DATA_TEST_CASE(try_send_is_refused_beyond_its_limit, data::make(test::all_arrangements),
                     where) {
    try_sender sender;
    test::host_options options;
    options.connection.max_outbox_size = 300'000;
    const auto host = test::start_host(where, coroutine_handler([&sender](connection peer) {
                                           return try_sender::run(sender, std::move(peer));
                                       }),
                                       options);
    raw_client client(host->port(), raw_client::transport::tcp, "127.0.0.1",
                      raw_client::window::small);
    client.open();
    const int accepted = sender.accepted.get();
    BOOST_TEST_REQUIRE(accepted > 0);
    for (int number = 0; number < accepted; ++number) {
        const test::raw_frame frame = client.read_frame();
        BOOST_TEST_REQUIRE((frame.payload == stuck_sender::numbered(number)));
    }
    sender.drained.open();
    BOOST_TEST(client.next() == "text(small again)");
    BOOST_TEST(client.next() == "text(taken)");
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.close() == "end");
}

BOOST_DATA_TEST_CASE(an_empty_outbox_takes_one_message_however_large,
                     data::make(test::all_arrangements), where) {
    test::host_options options;
    options.connection.max_outbox_size = 10;
    handlers callbacks;
    callbacks.on_open = [](connection& peer) {
        peer.try_send(std::string_view(stuck_sender::numbered(0)));
    };
    const auto host = test::start_host(where, callbacks, options);
    raw_client client(host->port());
    client.open();
    BOOST_TEST((client.read_frame().payload == stuck_sender::numbered(0)));
    BOOST_TEST(client.close() == "close(1000) end");
}

// ---- a handler that does not receive

/// Writes numbered messages until TCP takes no more; how many went out whole, and the rest of the
/// one that did not.
int send_until_stuck(raw_client& client, std::string& rest) {
    client.socket().non_blocking(true);
    int number = 0;
    int idle = 0;
    rest = test::encode_frame(2, stuck_sender::numbered(number));
    while (idle < 20 && number < 2000) {
        boost::system::error_code ec;
        const std::size_t n = client.socket().write_some(asio::buffer(rest), ec);
        rest.erase(0, n);
        if (ec) {
            ++idle;
            std::this_thread::sleep_for(10ms);
        } else {
            idle = 0;
        }
        if (rest.empty()) {
            rest = test::encode_frame(2, stuck_sender::numbered(++number));
        }
    }
    return number;
}

struct late_receiver {
    test::gate begin;

    static awaitable<void> run(late_receiver& s, connection peer) {
        co_await s.begin.wait();
        int number = 0;
        while (auto received = co_await peer.receive()) {
            if (received->text() == "how many?") {
                message count(std::to_string(number));
                co_await peer.send(std::move(count));
            } else if (received->text() == stuck_sender::numbered(number)) {
                ++number;
            }
        }
    }
};

BOOST_DATA_TEST_CASE(a_handler_that_does_not_receive_stops_reading,
                     data::make(test::all_arrangements), where) {
    late_receiver receiver;
    test::host_options options;
    options.connection.inbox_high_water = 4096;
    const auto host = test::start_host(where, coroutine_handler([&receiver](connection peer) {
                                           return late_receiver::run(receiver, std::move(peer));
                                       }),
                                       options);
    raw_client client(host->port());
    client.open();
    std::string rest;
    const int sent = send_until_stuck(client, rest);
    BOOST_TEST_REQUIRE(sent < 2000);  // 128 MiB: it did get stuck
    receiver.begin.open();
    client.send_bytes(rest + test::text_frame("how many?"));
    BOOST_TEST(client.next() == "text(" + std::to_string(sent + 1) + ")");
    BOOST_TEST(client.close() == "close(1000) end");
}

// The peer sends and does not read the echoes: in the callback style too, memory stays bounded.
BOOST_DATA_TEST_CASE(callbacks_stop_reading_from_a_peer_that_does_not_read,
                     data::make(test::all_arrangements), where) {
    std::atomic<int> echoed{0};
    handlers callbacks;
    callbacks.on_message = [&echoed](connection& peer, message_view view) {
        if (!peer.try_send(view)) {
            ++echoed;
        }
    };
    const auto host = test::start_host(where, callbacks, {small_outbox()});
    raw_client client(host->port(), raw_client::transport::tcp, "127.0.0.1",
                      raw_client::window::small);
    client.open();
    std::string rest;
    const int sent = send_until_stuck(client, rest);
    BOOST_TEST_REQUIRE(sent < 2000);
    BOOST_TEST(echoed < sent);
    // Now it reads: everything comes back.
    client.socket().non_blocking(false);
    for (int number = 0; number < sent; ++number) {
        BOOST_TEST_REQUIRE((client.read_frame().payload == stuck_sender::numbered(number)));
    }
    client.send_bytes(rest);
    BOOST_TEST((client.read_frame().payload == stuck_sender::numbered(sent)));
    BOOST_TEST(client.close() == "close(1000) end");
}

// ---- close

// Our Close leaves behind much that had to wait; then the peer has close_timeout to answer.
BOOST_DATA_TEST_CASE(a_close_that_had_to_wait_is_timed_all_the_same,
                     data::make(test::all_arrangements), where) {
    test::host_options options;
    options.connection.close_timeout = 300ms;
    options.connection.write_timeout = 0ms;
    options.connection.handshake_timeout = 0ms;
    options.connection.ping_interval = 0ms;
    options.connection.idle_timeout = 0ms;
    handlers callbacks;
    callbacks.on_message = [](connection& peer, message_view) {
        const std::string large(8 * 1024 * 1024, 'x');
        peer.try_send(large.c_str());
        peer.request_close();
    };
    const auto host = test::start_host(where, callbacks, options);
    raw_client client(host->port(), raw_client::transport::tcp, "127.0.0.1",
                      raw_client::window::small);
    client.open();
    client.send_text("go");
    BOOST_TEST(client.read_frame().payload.size() == 8 * 1024 * 1024);
    BOOST_TEST(client.next() == "close(1000)");
    BOOST_TEST(client.next() == "end");  // without an answer
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
