// What the client sends: its request, its credentials, its masks; and what it refuses to send.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"

namespace websock {
namespace {

namespace data = boost::unit_test::data;
using test::field_of;
using test::raw_server;
using test::raw_server_peer;

/// Answers with `extra`, puts the request down, closes with 1000.
raw_server recorder(test::box<std::string>& request, std::string extra = {}) {
    return raw_server([&request, extra](raw_server_peer& peer) {
        request.set(peer.upgrade(extra));
        peer.send_bytes(test::server_close(1000));
        static_cast<void>(peer.next());
        static_cast<void>(peer.finish());
    });
}

/// The request that a connect with these makes.
std::string request_for(const client_options& options, std::string target = "/ws",
                        std::string extra = {}) {
    test::box<std::string> request;
    raw_server server(recorder(request, std::move(extra)));
    const test::outcome seen = test::visit(server.url(target), options);
    BOOST_TEST(!seen.ec, seen.what);
    return request.get();
}

BOOST_AUTO_TEST_SUITE(client_request)

// [6455-4.1-1, 6455-4.1-14]
BOOST_AUTO_TEST_CASE(is_as_the_rfc_wants_it) {
    test::box<std::string> request;
    raw_server server(recorder(request));
    BOOST_TEST(test::visit(server.url("/chat?room=1&x=%2F")).end == "1000 peer clean");
    const std::string head = request.get();
    BOOST_TEST(head.starts_with("GET /chat?room=1&x=%2F HTTP/1.1\r\n"), head);
    BOOST_TEST(field_of(head, "Host") == "127.0.0.1:" + std::to_string(server.port()));
    BOOST_TEST(field_of(head, "Upgrade") == "websocket");
    BOOST_TEST(field_of(head, "Connection") == "Upgrade");
    BOOST_TEST(field_of(head, "Sec-WebSocket-Version") == "13");
    BOOST_TEST(field_of(head, "Sec-WebSocket-Key").size() == 24U);
    BOOST_TEST(field_of(head, "Sec-WebSocket-Protocol").empty());
    BOOST_TEST(field_of(head, "Sec-WebSocket-Extensions").empty());
    BOOST_TEST(field_of(head, "Authorization").empty());
    BOOST_TEST(field_of(head, "Origin").empty());
}

BOOST_AUTO_TEST_CASE(an_empty_path_is_a_slash) {
    BOOST_TEST(request_for({}, "").starts_with("GET / HTTP/1.1\r\n"));
    BOOST_TEST(request_for({}, "?q").starts_with("GET /?q HTTP/1.1\r\n"));
}

BOOST_AUTO_TEST_CASE(has_the_users_fields) {
    client_options options;
    options.headers = {{"Origin", "https://example.com"},
                       {"Cookie", "a=b; c=d"},
                       {"X-Empty", ""},
                       {"X-Text", "gr\xc3\xbcn\tund so"}};
    const std::string head = request_for(options);
    BOOST_TEST(field_of(head, "Origin") == "https://example.com");
    BOOST_TEST(field_of(head, "Cookie") == "a=b; c=d");
    BOOST_TEST(head.find("\r\nX-Empty: \r\n") != std::string::npos);
    BOOST_TEST(field_of(head, "X-Text") == "gr\xc3\xbcn\tund so");
}

BOOST_AUTO_TEST_CASE(offers_compression_if_told_to) {
    client_options options;
    options.connection.deflate.enabled = true;
    BOOST_TEST(field_of(request_for(options), "Sec-WebSocket-Extensions") ==
               "permessage-deflate; client_max_window_bits");
}

// ---- subprotocols

std::string agreed_on(const std::string& extra, std::vector<std::string> wanted) {
    client_options options;
    options.subprotocols = std::move(wanted);
    test::box<std::string> request;
    raw_server server(recorder(request, extra));
    const test::outcome seen = test::visit(server.url(), options);
    return seen.ec ? seen.ec.message() : seen.subprotocol;
}

BOOST_AUTO_TEST_CASE(asks_for_subprotocols_in_their_order) {
    client_options options;
    options.subprotocols = {"mqtt", "v1.chat"};
    BOOST_TEST(field_of(request_for(options), "Sec-WebSocket-Protocol") == "mqtt, v1.chat");
    const std::string refused = make_error_code(error::bad_upgrade_response).message();
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: v1.chat\r\n", options.subprotocols) == "v1.chat");
    BOOST_TEST(agreed_on("", options.subprotocols).empty());
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: other\r\n", options.subprotocols) == refused);
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: MQTT\r\n", options.subprotocols) == refused);
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: mqtt, v1.chat\r\n", options.subprotocols) ==
               refused);
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: mqtt\r\n",
                         options.subprotocols) == refused);
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol:\r\n", options.subprotocols) == refused);
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: mqtt\r\n", {}) == refused);
    BOOST_TEST(agreed_on("Sec-WebSocket-Protocol: \r\n", {}) == refused);
}

// [6455-4.1-30]
BOOST_DATA_TEST_CASE(malformed_subprotocols_are_not_sent,
                     data::make({"", "a b", "a,b", "a\r\n", "\"a\"", "gr\xc3\xbcn"}), name) {
    client_options options;
    options.subprotocols = {"fine", name};
    BOOST_TEST((test::visit("ws://127.0.0.1:1/", options).ec == error::bad_argument));
}

// [6455-4.1-31]
BOOST_AUTO_TEST_CASE(neither_are_repeated_ones) {
    client_options options;
    options.subprotocols = {"one", "two", "one"};
    BOOST_TEST((test::visit("ws://127.0.0.1:1/", options).ec == error::bad_argument));
}

// ---- credentials

/// The server refuses, so that there is also an error to look at.
struct traces {
    std::string head;
    std::string log;
    std::string what;
    std::string request;  // connection.request(), all of it
};

awaitable<std::string> own_request(std::string url, client_options options) {
    const connection peer = co_await connect(std::move(url), std::move(options));
    std::string all(peer.request().target());
    for (std::size_t i = 0; i < peer.request().field_count(); ++i) {
        const header_field field = peer.request().field(i);
        all.append(" ").append(field.name).append("=").append(field.value);
    }
    co_return all;
}

traces connect_as(const std::string& userinfo, client_options options = {}) {
    traces seen;
    options.log = [&seen](log_level, std::string_view line) { seen.log.append(line) += '\n'; };
    test::box<std::string> request;
    {
        raw_server server(recorder(request));
        const std::string url =
            "ws://" + userinfo + "@127.0.0.1:" + std::to_string(server.port()) + "/ws?q@";
        seen.request = test::run(own_request(url, options));
        seen.head = request.get();
    }
    raw_server refusing([](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes("HTTP/1.1 401 Unauthorized\r\n\r\n");
    });
    const std::string url =
        "ws://" + userinfo + "@127.0.0.1:" + std::to_string(refusing.port()) + "/ws?q@";
    seen.what = test::visit(url, options).what;
    BOOST_TEST(seen.what.find("ws://127.0.0.1:") != std::string::npos, seen.what);
    BOOST_TEST(seen.what.find("/ws?q@") != std::string::npos, seen.what);
    return seen;
}

void check_no_trace(const traces& seen, const std::string& secret) {
    BOOST_TEST(seen.log.find(secret) == std::string::npos, seen.log);
    BOOST_TEST(seen.what.find(secret) == std::string::npos, seen.what);
    BOOST_TEST(seen.request.find(secret) == std::string::npos, seen.request);
}

BOOST_AUTO_TEST_CASE(credentials_are_sent_and_nowhere_else) {
    const traces seen = connect_as("Aladdin:open%20sesame");
    BOOST_TEST(field_of(seen.head, "Authorization") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    for (const char* secret : {"Aladdin", "sesame", "QWxhZGRpbj", "Authorization"}) {
        check_no_trace(seen, secret);
    }
    // "test:123£" (RFC 7617 §2.1), decoded from its escapes.
    BOOST_TEST(field_of(connect_as("test:123%C2%A3").head, "Authorization") ==
               "Basic dGVzdDoxMjPCow==");
    BOOST_TEST(field_of(connect_as("user").head, "Authorization") == "Basic dXNlcjo=");
    BOOST_TEST(field_of(connect_as("u:p:q%40").head, "Authorization") == "Basic dTpwOnFA");
}

BOOST_AUTO_TEST_CASE(the_users_own_authorization_comes_first) {
    client_options options;
    options.headers = {{"authorization", "Bearer my-token"}};
    const traces seen = connect_as("Aladdin:sesame", options);
    BOOST_TEST(field_of(seen.head, "Authorization") == "Bearer my-token");
    BOOST_TEST(seen.head.find("Basic") == std::string::npos);
    check_no_trace(seen, "my-token");
    check_no_trace(seen, "Aladdin");
}

BOOST_AUTO_TEST_CASE(credentials_of_a_malformed_url_are_not_told) {
    for (const char* url :
         {"ws://user:secret@", "ws://user:secret@host:99999/", "http://u:secret@h",
          "ws://user:sec ret@host/", "ws://user:secret@host/#fragment", "ws:/user:secret@host/",
          "user:secret@host", "ws://a:secret@b@host/"}) {
        const test::outcome seen = test::visit(url);
        BOOST_TEST((seen.ec == error::bad_argument), url);
        BOOST_TEST(seen.what.find("sec") == std::string::npos, seen.what);
        BOOST_TEST(seen.response.status() == 0U);
    }
}

// ---- what is not sent

BOOST_DATA_TEST_CASE(malformed_urls_are_refused,
                     data::make({"", "localhost", "http://localhost/", "ws://", "ws:///path",
                                 "ws://host:0/", "ws://host:65536/", "ws://host:x/", "ws://h/#",
                                 "ws://h/a b", "ws://[::1/", "ws://[::g]/", "ws://1.2.3/",
                                 "ws://h/\r\nX: y", "wss://ho st/", "ws://h/%2"}),
                     url) {
    const test::outcome seen = test::visit(url);
    BOOST_TEST((seen.ec == error::bad_argument));
    BOOST_TEST(seen.what.starts_with("cannot connect to "));
}

BOOST_DATA_TEST_CASE(fields_of_the_handshake_are_refused,
                     data::make({"Host", "host", "Upgrade", "CONNECTION", "Content-Length",
                                 "Transfer-Encoding", "Sec-WebSocket-Key", "sec-websocket-version",
                                 "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol",
                                 "Sec-WebSocket-Extensions"}),
                     name) {
    client_options options;
    options.headers = {{name, "x"}};
    BOOST_TEST((test::visit("ws://127.0.0.1:1/", options).ec == error::bad_argument));
}

BOOST_DATA_TEST_CASE(malformed_field_names_are_refused,
                     data::make({"", "a b", "a:", " a", "a\r\nb", "gr\xc3\xbcn", "a\x7f"}), name) {
    client_options options;
    options.headers = {{name, "x"}};
    BOOST_TEST((test::visit("ws://127.0.0.1:1/", options).ec == error::bad_argument));
}

BOOST_AUTO_TEST_CASE(malformed_field_values_are_refused) {
    for (const std::string& value :
         {std::string("a\r\nX: y"), std::string("a\nb"), std::string("a\rb"), std::string("\0", 1),
          std::string("a\x7f"), std::string("\x1b[0m"), std::string("a\r\n\r\n")}) {
        client_options options;
        options.headers = {{"X-Fine", "fine"}, {"X-Bad", value}};
        BOOST_TEST((test::visit("ws://127.0.0.1:1/", options).ec == error::bad_argument));
    }
}

// ---- masks

awaitable<int> send_many(std::string url) {
    connection peer = co_await connect(std::move(url));
    for (int i = 0; i < 20; ++i) {
        message next(std::string(300, 'a'));
        co_await peer.send(std::move(next));
    }
    peer.ping("ping");
    co_await peer.close();
    co_return 1;
}

// [6455-5.1-1, 6455-5.3-2, 6455-5.3-3, 6455-10.3-1]
BOOST_AUTO_TEST_CASE(every_frame_has_a_mask_of_its_own) {
    std::set<std::string> masks;
    std::set<std::string> keys;
    int frames = 0;
    {
        raw_server server([&](raw_server_peer& peer) {
            keys.insert(field_of(peer.upgrade(), "Sec-WebSocket-Key"));
            test::raw_frame frame;
            do {
                frame = peer.read_frame();
                ++frames;
                masks.insert(frame.key);
                if (frame.opcode == 1 && frame.payload != std::string(300, 'a')) {
                    throw std::runtime_error("damaged");
                }
            } while (frame.opcode != 8);
            peer.send_bytes(test::server_close(1000));
            static_cast<void>(peer.finish());
        });
        for (int i = 0; i < 3; ++i) {
            test::run(send_many(server.url()));
        }
        BOOST_TEST(server.log().text().empty(), server.log().text());
    }
    BOOST_TEST(frames == 3 * 22);
    BOOST_TEST(masks.size() == 66U);  // two alike: once in two million runs
    BOOST_TEST(!masks.contains(""));
    BOOST_TEST(keys.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
