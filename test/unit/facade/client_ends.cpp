// How a client's connection ends: who says what, and whose FIN comes first (RFC 6455 §7.1.1).
#include <boost/asio/detached.hpp>
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
using test::to_text;

/// No deadline may be what ends it.
client_options patient() {
    client_options options;
    options.connection.close_timeout = 1h;
    options.trust = tls_trust::none();
    return options;
}

client_options in_a_hurry() {
    client_options options = patient();
    options.connection.close_timeout = 50ms;
    return options;
}

std::string silence(raw_server_peer& peer) { return peer.is_silent() ? "silence" : "FIN"; }

awaitable<std::string> connect_and_close(std::string url, client_options options) {
    connection peer = co_await connect(std::move(url), std::move(options));
    close_reason reason(4001, "bye");
    co_await peer.close(std::move(reason));
    co_return to_text(peer.close_info());
}

awaitable<std::string> connect_and_drop(std::string url, client_options options) {
    connection peer = co_await connect(std::move(url), std::move(options));
    message last("last words");
    co_await peer.send(std::move(last));
    co_return "dropped";
}

BOOST_AUTO_TEST_SUITE(client_ends)

// ---- orderly

// RFC 6455 §7.1.1: "… and when a client is instructed to do the same, it SHOULD wait for a TCP
// Close from the server." [6455-5.5.1-5]
BOOST_AUTO_TEST_CASE(the_servers_close_is_answered_and_its_fin_comes_first) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_frame(1, "x") + test::server_close(4000, "enough"));
        server.log().add(peer.next());
        server.log().add(silence(peer));
        server.log().add(peer.finish());
    });
    const test::outcome seen = test::visit(server.url(), patient());
    BOOST_TEST(seen.received == "x|");
    BOOST_TEST(seen.end == "4000 enough peer clean");
    BOOST_TEST(server.log().wait(3) == "close(4000) | silence | end");
}

BOOST_AUTO_TEST_CASE(the_clients_close_waits_for_the_servers_fin) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(peer.next());
        server.log().add(silence(peer));
        peer.send_bytes(test::server_frame(1, "too late") + test::server_close(4001));
        server.log().add(silence(peer));
        server.log().add(peer.finish());
    });
    BOOST_TEST(test::run(connect_and_close(server.url(), patient())) == "4001 bye local clean");
    BOOST_TEST(server.log().wait(4) == "close(4001 bye) | silence | silence | end");
}

// [6455-4.1-12]
BOOST_AUTO_TEST_CASE(over_tls_too) {
    raw_server server(
        [&server](raw_server_peer& peer) {
            peer.accept_tls();
            peer.upgrade();
            server.log().add(peer.next());
            peer.send_bytes(test::server_close(4001));
            server.log().add(silence(peer));
            peer.shutdown_send();
            server.log().add(peer.next());  // "end" after a close_notify, else "reset"
        },
        net::make_self_signed("localhost"));
    BOOST_TEST(test::run(connect_and_close(server.url(), patient())) == "4001 bye local clean");
    BOOST_TEST(server.log().wait(3) == "close(4001 bye) | silence | end");
}

BOOST_AUTO_TEST_CASE(the_last_handle_closes_with_1000) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(peer.next());
        server.log().add(peer.next());
        peer.send_bytes(test::server_close(1000));
        server.log().add(silence(peer));
        server.log().add(peer.finish());
    });
    test::run(connect_and_drop(server.url(), patient()));
    BOOST_TEST(server.log().wait(4) == "text(last words) | close(1000) | silence | end");
}

// What nobody receives any more must not hold the end up.
BOOST_AUTO_TEST_CASE(the_last_handle_closes_though_much_was_not_received) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_frame(1, std::string(5000, 'x')) +
                        test::server_frame(1, std::string(5000, 'x')));
        server.log().add(peer.next());
        server.log().add(peer.next());
        peer.send_bytes(test::server_frame(1, "still") + test::server_close(1000));
        server.log().add(peer.finish());
    });
    client_options options = patient();
    options.connection.inbox_high_water = 1000;
    test::run(connect_and_drop(server.url(), options));
    BOOST_TEST(server.log().wait(3) == "text(last words) | close(1000) | end");
}

// A receive without a handle does not keep the connection: its result says so.
awaitable<std::string> receive_without_handle(std::string url, client_options options) {
    auto ended = std::make_shared<std::string>();
    {
        connection peer = co_await connect(std::move(url), std::move(options));
        peer.async_receive([ended](error_code ec, std::optional<message> next) {
            *ended = ec ? ec.message() : next ? "message" : "end";
        });
    }
    while (ended->empty()) {
        co_await test::pause_for(1ms);
    }
    co_return *ended;
}

BOOST_AUTO_TEST_CASE(a_pending_receive_is_no_handle) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(peer.next());
        peer.send_bytes(test::server_close(1000));
        server.log().add(peer.finish());
    });
    BOOST_TEST(test::run(receive_without_handle(server.url(), patient())) == "end");
    BOOST_TEST(server.log().wait(2) == "close(1000) | end");
}

awaitable<void> receive_until_end(connection peer, std::shared_ptr<std::string> seen) {
    while (const auto next = co_await peer.receive()) {
        *seen += next->text();
    }
    *seen += " " + to_text(peer.close_info());
}

awaitable<std::string> connect_and_spawn(std::string url, client_options options) {
    auto seen = std::make_shared<std::string>();
    {
        connection peer = co_await connect(std::move(url), std::move(options));
        asio::co_spawn(peer.get_executor(), receive_until_end(peer, seen), asio::detached);
    }
    while (seen->find(' ') == std::string::npos) {
        co_await test::pause_for(1ms);
    }
    co_return *seen;
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_has_a_handle_keeps_it) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(silence(peer));
        peer.send_bytes(test::server_frame(1, "hello") + test::server_close(1000));
        server.log().add(peer.next());
        server.log().add(peer.finish());
    });
    BOOST_TEST(test::run(connect_and_spawn(server.url(), patient())) == "hello 1000 peer clean");
    BOOST_TEST(server.log().wait(3) == "silence | close(1000) | end");
}

// ---- a server that does not do its part

BOOST_AUTO_TEST_CASE(a_server_that_never_ends_tcp_is_left) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_close(1000));
        server.log().add(peer.next());
        server.log().add(peer.next());
    });
    BOOST_TEST(test::visit(server.url(), in_a_hurry()).end == "1000 peer clean");
    BOOST_TEST(server.log().wait(2) == "close(1000) | end");
}

BOOST_AUTO_TEST_CASE(a_server_that_never_answers_a_close_is_left) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(peer.next());
        server.log().add(peer.next());
    });
    BOOST_TEST(test::run(connect_and_close(server.url(), in_a_hurry())) ==
               "4001 bye local unclean: " + make_error_code(error::close_timeout).message());
    BOOST_TEST(server.log().wait(2) == "close(4001 bye) | end");
}

BOOST_AUTO_TEST_CASE(a_server_that_sends_for_ever_is_left) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        server.log().add(peer.next());
        try {
            for (;;) {
                peer.send_bytes(test::server_frame(1, std::string(1000, 'x')));
            }
        } catch (const boost::system::system_error&) {
            server.log().add("gone");
        }
    });
    BOOST_TEST(test::run(connect_and_close(server.url(), in_a_hurry())).starts_with("4001 bye"));
    BOOST_TEST(server.log().wait(2) == "close(4001 bye) | gone");
}

// [6455-7.2.1-2]
BOOST_DATA_TEST_CASE(a_server_that_ends_without_a_close, data::make({false, true}), reset) {
    raw_server server([reset](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_frame(1, "x"));
        static_cast<void>(peer.next());
        reset ? peer.reset() : static_cast<void>(peer.finish());
    });
    const auto talk = [](std::string url, client_options options) -> awaitable<std::string> {
        connection peer = co_await connect(std::move(url), std::move(options));
        const auto first = co_await peer.receive();
        message answer("go");
        co_await peer.send(std::move(answer));
        const auto second = co_await peer.receive();
        const bool more = second.has_value();
        BOOST_TEST(!peer.is_open());
        BOOST_TEST((peer.try_send("late") == error::closed));
        co_return std::string(first->text()) + (more ? " more " : " ") + to_text(peer.close_info());
    };
    BOOST_TEST(test::run(talk(server.url(), patient()))
                   .starts_with(reset ? "x 1006 peer unclean: Connection reset by peer"
                                      : "x 1006 peer unclean: "));
}

// ---- a server that breaks the rules

struct violation {
    const char* what;
    std::string bytes;
    unsigned code;
};

std::ostream& operator<<(std::ostream& out, const violation& v) { return out << v.what; }

const std::vector<violation> violations{
    {"a masked frame", test::text_frame("x"), 1002},  // [6455-5.1-4]
    {"a masked ping", test::encode_frame(9, ""), 1002},
    {"a reserved bit", std::string("\xc1\x01x", 3), 1002},
    {"a reserved opcode", test::server_frame(3, "x"), 1002},
    {"a fragmented ping", test::server_frame(9, "x", false), 1002},
    {"a long ping", test::server_frame(9, std::string(126, 'x')), 1002},
    {"a continuation of nothing", test::server_frame(0, "x"), 1002},
    {"text that is not UTF-8", test::server_frame(1, "\xff"), 1007},
    {"a Close of one byte", test::server_frame(8, "x"), 1002},
    {"a reserved close code", test::server_close(1005), 1002},
    {"a large message", test::server_frame(2, std::string(2000, 'x')), 1009},
};

// [6455-7.1.7-1]
BOOST_DATA_TEST_CASE(violations_fail_the_connection,
                     data::make(violations) * data::make({false, true}), one, glued) {
    raw_server server([&](raw_server_peer& peer) {
        const std::string head = test::upgrade_answer(peer.read_head());
        if (glued) {
            peer.send_bytes(head + one.bytes);
        } else {
            peer.send_bytes(head);
            peer.send_octets(one.bytes.substr(0, 20));
            peer.send_bytes(one.bytes.substr(std::min<std::size_t>(20, one.bytes.size())));
        }
        const std::string answer = peer.next();
        server.log().add(answer.substr(0, answer.find_first_of(" )")));
        server.log().add(peer.finish());
    });
    client_options options = patient();
    options.connection.max_message_size = 1000;
    const test::outcome seen = test::visit(server.url(), options);
    const std::string code = std::to_string(one.code);
    BOOST_TEST(seen.received.empty());
    BOOST_TEST(seen.end.starts_with(code), seen.end);
    BOOST_TEST(seen.end.find(" local unclean: ") != std::string::npos, seen.end);
    BOOST_TEST(server.log().wait(2) == "close(" + code + " | end");
}

BOOST_AUTO_TEST_CASE(pings_are_answered) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_frame(9, "a") + test::server_frame(9, "b"));
        server.log().add(peer.next());
        server.log().add(peer.next());
        peer.send_bytes(test::server_close(1000));
        server.log().add(peer.next());
        server.log().add(peer.finish());
    });
    BOOST_TEST(test::visit(server.url(), patient()).end == "1000 peer clean");
    BOOST_TEST(server.log().wait(4) == "pong(a) | pong(b) | close(1000) | end");
}

BOOST_AUTO_TEST_CASE(a_silent_server_is_pinged_and_given_up) {
    raw_server server([&server](raw_server_peer& peer) {
        peer.upgrade();
        std::string first = peer.next();
        server.log().add(first);
        while (first.starts_with("ping")) {
            first = peer.next();
        }
        server.log().add(first.substr(0, 10));
        server.log().add(peer.finish());
    });
    client_options options = patient();
    options.connection.ping_interval = 20ms;
    options.connection.idle_timeout = 100ms;
    const test::outcome seen = test::visit(server.url(), options);
    BOOST_TEST(seen.end.starts_with("1001"), seen.end);
    BOOST_TEST(server.log().wait(3) == "ping() | close(1001 | end");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
