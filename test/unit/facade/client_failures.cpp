// What can go wrong before the server's answer: no host, no listener, silence, an end, garbage.
#include <sys/socket.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <list>
#include <thread>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::outcome;
using test::raw_server;
using test::raw_server_peer;

constexpr std::array schemes{"ws", "wss"};

/// A port of the loopback interface that nobody listens at.
std::uint16_t closed_port() {
    asio::io_context context;
    const asio::ip::tcp::acceptor taken(context, {asio::ip::address_v4::loopback(), 0});
    return taken.local_endpoint().port();
}

/// A listener whose queue is full, so that a further connect gets no answer at all.
class full_listener {
public:
    full_listener() : acceptor_(context_) {
        acceptor_.open(asio::ip::tcp::v4());
        acceptor_.bind({asio::ip::address_v4::loopback(), 0});
        acceptor_.listen(0);
        for (int i = 0; i < 3; ++i) {
            asio::ip::tcp::socket& filler = fillers_.emplace_back(context_);
            filler.open(asio::ip::tcp::v4());
            filler.native_non_blocking(true);
            const auto where = acceptor_.local_endpoint();
            static_cast<void>(::connect(filler.native_handle(), where.data(),
                                        static_cast<socklen_t>(where.size())));
        }
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    asio::io_context context_;
    asio::ip::tcp::acceptor acceptor_;
    std::list<asio::ip::tcp::socket> fillers_;
};

client_options in_a_hurry() {
    client_options options;
    options.connection.handshake_timeout = 50ms;
    options.trust = tls_trust::none();
    return options;
}

client_options patient() {
    client_options options;
    options.connection.handshake_timeout = 1h;
    options.trust = tls_trust::none();
    return options;
}

std::string url_of(const std::string& scheme, std::uint16_t port,
                   const std::string& host = "127.0.0.1") {
    return scheme + "://" + host + ":" + std::to_string(port) + "/";
}

/// Waits for the client's end.
void wait_for_end(raw_server_peer& peer) {
    try {
        static_cast<void>(peer.read_all());
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::timed_out) {
            throw;
        }
    }
}

BOOST_AUTO_TEST_SUITE(client_failures)

// ---- no server

// [6455-4.1-9]
BOOST_DATA_TEST_CASE(nobody_listens, data::make(schemes), scheme) {
    const outcome seen = test::visit(url_of(scheme, closed_port()), patient());
    BOOST_TEST(seen.ec == asio::error::connection_refused);
    BOOST_TEST(seen.what.find("Connection refused") != std::string::npos, seen.what);
    BOOST_TEST(seen.response.status() == 0U);
}

BOOST_AUTO_TEST_CASE(nobody_listens_at_any_address) {
    BOOST_TEST(test::visit(url_of("ws", closed_port(), "localhost"), patient()).ec.failed());
}

BOOST_AUTO_TEST_CASE(a_host_that_does_not_exist) {
    const outcome seen = test::visit("ws://does-not-exist.invalid/");  // RFC 6761 §6.4
    BOOST_TEST(seen.ec.failed());
    BOOST_TEST(seen.what.starts_with("cannot connect to ws://does-not-exist.invalid/"), seen.what);
}

BOOST_DATA_TEST_CASE(the_next_address_is_tried, data::make({"127.0.0.1", "::1"}), host) {
    raw_server server(
        [](raw_server_peer& peer) {
            peer.upgrade();
            peer.send_bytes(test::server_close(1000));
            static_cast<void>(peer.next());
            static_cast<void>(peer.finish());
        },
        std::nullopt, host);
    BOOST_TEST(test::visit(url_of("ws", server.port(), "localhost")).end == "1000 peer clean");
    BOOST_TEST(test::visit(url_of("ws", server.port(), "a.LocalHost")).end == "1000 peer clean");
}

BOOST_AUTO_TEST_CASE(an_ipv6_literal_is_an_address) {
    test::box<std::string> request;
    raw_server server(
        [&request](raw_server_peer& peer) {
            request.set(peer.upgrade());
            peer.send_bytes(test::server_close(1000));
            static_cast<void>(peer.next());
            static_cast<void>(peer.finish());
        },
        std::nullopt, "::1");
    BOOST_TEST(test::visit(url_of("ws", server.port(), "[::1]")).end == "1000 peer clean");
    BOOST_TEST(test::field_of(request.get(), "Host") == "[::1]:" + std::to_string(server.port()));
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_leaves_time_for_the_next) {
    const full_listener silent;
    client_options options;
    options.connection.handshake_timeout = 4s;
    // ::1 refuses, which is what is found out at last; within the deadline.
    const outcome seen = test::visit(url_of("ws", silent.port(), "localhost"), options);
    BOOST_TEST(seen.ec.failed());
    BOOST_TEST((seen.ec != error::handshake_timeout), seen.what);
}

// ---- silence

BOOST_DATA_TEST_CASE(tcp_does_not_answer, data::make(schemes), scheme) {
    const full_listener silent;
    const outcome seen = test::visit(url_of(scheme, silent.port()), in_a_hurry());
    BOOST_TEST((seen.ec == error::handshake_timeout), seen.what);
    BOOST_TEST((seen.ec == condition::timeout));
}

BOOST_DATA_TEST_CASE(the_server_is_silent, data::make(schemes), scheme) {
    raw_server server(wait_for_end);
    const outcome seen = test::visit(url_of(scheme, server.port()), in_a_hurry());
    BOOST_TEST((seen.ec == error::handshake_timeout), seen.what);
    BOOST_TEST(seen.response.status() == 0U);
}

BOOST_AUTO_TEST_CASE(the_server_is_silent_after_tls) {
    raw_server server(
        [](raw_server_peer& peer) {
            peer.accept_tls();
            wait_for_end(peer);
        },
        net::make_self_signed("localhost"));
    client_options options = in_a_hurry();
    options.connection.handshake_timeout = 500ms;  // as a rule enough for TLS
    const outcome seen = test::visit(server.url(), options);
    BOOST_TEST((seen.ec == error::handshake_timeout), seen.what);
}

// One deadline for everything: no byte that comes puts it off.
BOOST_DATA_TEST_CASE(the_server_takes_for_ever, data::make({"X: y\r\n", "x"}), drop) {
    raw_server server([drop](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes("HTTP/1.1 101 Switching Protocols\r\nX: ");
        try {
            for (;;) {
                peer.send_bytes(drop);
                std::this_thread::sleep_for(5ms);
            }
        } catch (const boost::system::system_error&) {
            // the client has gone
        }
    });
    client_options options = in_a_hurry();
    options.connection.max_header_fields = 1'000'000;
    options.connection.max_header_bytes = 1'000'000;
    options.connection.max_header_line = 1'000'000;
    BOOST_TEST((test::visit(server.url(), options).ec == error::handshake_timeout));
}

BOOST_AUTO_TEST_CASE(a_deadline_of_zero_is_none) {
    client_options options;
    options.connection.handshake_timeout = 0ms;
    raw_server server([](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_close(1000));
        static_cast<void>(peer.next());
        static_cast<void>(peer.finish());
    });
    BOOST_TEST(test::visit(server.url(), options).end == "1000 peer clean");
    BOOST_TEST(test::visit(url_of("ws", closed_port(), "localhost"), options).ec.failed());
}

// ---- the end

BOOST_DATA_TEST_CASE(the_server_closes_at_once, data::make(schemes), scheme) {
    raw_server server([](raw_server_peer& peer) {
        peer.shutdown_send();
        wait_for_end(peer);
    });
    const outcome seen = test::visit(url_of(scheme, server.port()), patient());
    BOOST_TEST(seen.ec.failed());
    BOOST_TEST(seen.response.status() == 0U);
}

BOOST_DATA_TEST_CASE(the_server_resets, data::make(schemes), scheme) {
    raw_server server([](raw_server_peer& peer) { peer.reset(); });
    BOOST_TEST(test::visit(url_of(scheme, server.port()), patient()).ec.failed());
}

BOOST_DATA_TEST_CASE(the_server_closes_within_its_answer,
                     data::make({"", "H", "HTTP/1.1 101", "HTTP/1.1 101 x\r\n",
                                 "HTTP/1.1 404 x\r\nX: y", "HTTP/1.1 404 x\r\nX: y\r\n\r"}),
                     begin) {
    raw_server server([begin](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes(begin);
        static_cast<void>(peer.finish());
    });
    const outcome seen = test::visit(server.url(), patient());
    BOOST_TEST((seen.ec == error::bad_upgrade_response), seen.what);
    BOOST_TEST(seen.response.status() == 0U);
}

// ---- garbage

BOOST_DATA_TEST_CASE(the_server_is_none,
                     data::make({"SSH-2.0-OpenSSH_9.2\r\n", "\r\n", "\x15\x03\x01", " HTTP/1.1 101",
                                 "220 smtp\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc x\r\n\r\n",
                                 "HTTP/1.1 101 x\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                 "HTTP/1.1 101 x\r\n folded: y\r\n\r\n"}),
                     garbage) {
    raw_server server([garbage](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes(garbage);
        peer.shutdown_send();
        wait_for_end(peer);
    });
    const outcome seen = test::visit(server.url(), patient());
    BOOST_TEST((seen.ec == error::bad_upgrade_response), seen.what);
}

BOOST_AUTO_TEST_CASE(garbage_is_noticed_at_once) {
    raw_server server([](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes("HTTP/1.1 101 x\r\n\x01");  // and no end
        wait_for_end(peer);
    });
    BOOST_TEST((test::visit(server.url(), patient()).ec == error::bad_upgrade_response));
}

BOOST_AUTO_TEST_CASE(the_server_does_not_talk_tls) {
    raw_server server([](raw_server_peer& peer) {
        peer.send_bytes("HTTP/1.1 400 Bad Request\r\n\r\n");
        wait_for_end(peer);
    });
    const outcome seen = test::visit(url_of("wss", server.port()), patient());
    BOOST_TEST(seen.ec.failed());
    BOOST_TEST(seen.response.status() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
