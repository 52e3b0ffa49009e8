// What is at which path, and what a request that is no upgrade is told.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using test::raw_client;

awaitable<void> say(std::string what, connection peer) {
    message whole(what + " " + peer.subprotocol());
    co_await peer.send(std::move(whole));
}

coroutine_handler saying(std::string what) {
    return [what](connection peer) { return say(what, std::move(peer)); };
}

/// A server with routes of each kind.
struct routed {
    routed() : one(options()) {
        one.route("/a", saying("never"));
        one.route("/a", saying("a"));  // the last one wins
        one.route("/b", saying("b"), {.subprotocols = {"v1", "v2"}});
        one.route("/", page{"<p>hello</p>"});
        one.route("/plain", page{"hello", "text/plain"});
        port = one.listen({"127.0.0.1", 0});
        thread = std::thread([this] { one.run(); });
    }
    ~routed() {
        one.stop();
        thread.join();
    }
    static server_options options() {
        server_options all;
        all.handle_signals = false;
        return all;
    }

    /// The whole answer to one request.
    [[nodiscard]] std::string answer(std::string_view first_line,
                                     std::string_view fields = {}) const {
        raw_client client(port);
        client.send_bytes(std::string(first_line) + "\r\nHost: localhost\r\n" +
                          std::string(fields) + "\r\n");
        return client.read_all();
    }
    /// What the route's handler says.
    [[nodiscard]] std::string said(std::string_view target, std::string_view fields = {}) const {
        raw_client client(port);
        client.open(target, fields);
        std::string text = client.next();
        BOOST_TEST(client.next() == "close(1000)");
        BOOST_TEST(client.close() == "end");
        return text;
    }

    server one;
    std::uint16_t port = 0;
    std::thread thread;
};

BOOST_FIXTURE_TEST_SUITE(routes, routed)

BOOST_AUTO_TEST_CASE(each_path_has_its_handler) {
    BOOST_TEST(said("/a") == "text(a )");
    BOOST_TEST(said("/b") == "text(b )");
    BOOST_TEST(said("/a?query=/b") == "text(a )");
}

BOOST_AUTO_TEST_CASE(the_clients_first_known_subprotocol_is_agreed_on) {
    BOOST_TEST(said("/b", "Sec-WebSocket-Protocol: v3, v2, v1\r\n") == "text(b v2)");
    BOOST_TEST(said("/b", "Sec-WebSocket-Protocol: v3\r\nSec-WebSocket-Protocol: v1\r\n") ==
               "text(b v1)");
    BOOST_TEST(said("/b", "Sec-WebSocket-Protocol: v3\r\n") == "text(b )");
    BOOST_TEST(said("/a", "Sec-WebSocket-Protocol: v1\r\n") == "text(a )");
    raw_client client(port);
    const std::string head = client.open("/b", "Sec-WebSocket-Protocol: v2\r\n");
    BOOST_TEST(head.find("Sec-WebSocket-Protocol: v2\r\n") != std::string::npos);
    BOOST_TEST(client.next() == "text(b v2)");
}

BOOST_AUTO_TEST_CASE(the_upgrade_is_answered_as_the_rfc_says) {
    raw_client client(port);
    const std::string head = client.open("/a");
    // RFC 6455 §1.3: the answer to its example key.
    BOOST_TEST(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
               std::string::npos);
    BOOST_TEST(head.find("Server:") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(pages) {
    const std::string page = answer("GET / HTTP/1.1");
    BOOST_TEST(page.starts_with("HTTP/1.1 200 "));
    BOOST_TEST(page.find("Content-Type: text/html; charset=utf-8\r\n") != std::string::npos);
    BOOST_TEST(page.find("Content-Length: 12\r\n") != std::string::npos);
    BOOST_TEST(page.ends_with("\r\n\r\n<p>hello</p>"));
    const std::string plain = answer("GET /plain?x HTTP/1.1");
    BOOST_TEST(plain.find("Content-Type: text/plain\r\n") != std::string::npos);
    const std::string head = answer("HEAD / HTTP/1.1");
    BOOST_TEST(head.starts_with("HTTP/1.1 200 "));
    BOOST_TEST(head.find("Content-Length: 12\r\n") != std::string::npos);
    BOOST_TEST(head.ends_with("\r\n\r\n"));
}

// [6455-4.2.2-5]
BOOST_AUTO_TEST_CASE(refusals) {
    BOOST_TEST(answer("GET /nowhere HTTP/1.1").starts_with("HTTP/1.1 404 "));
    BOOST_TEST(answer("GET /a/ HTTP/1.1").starts_with("HTTP/1.1 404 "));
    const std::string no_upgrade = answer("GET /a HTTP/1.1");
    BOOST_TEST(no_upgrade.starts_with("HTTP/1.1 426 "));
    BOOST_TEST(no_upgrade.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
    const std::string post = answer("POST / HTTP/1.1", "Content-Length: 0\r\n");
    BOOST_TEST(post.starts_with("HTTP/1.1 405 "));
    BOOST_TEST(post.find("Allow: GET, HEAD\r\n") != std::string::npos);
    const std::string put = answer("PUT /a HTTP/1.1", "Content-Length: 0\r\n");
    BOOST_TEST(put.starts_with("HTTP/1.1 405 "));
    BOOST_TEST(put.find("Allow: GET\r\n") != std::string::npos);
    BOOST_TEST(answer("GET / HTTP/1.1", "Host: twice\r\n").starts_with("HTTP/1.1 400 "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
