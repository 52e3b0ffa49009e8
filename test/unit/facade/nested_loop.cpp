// A handler that runs its thread's event loop itself: nobody should, but then other connections'
// input must not appear in what the handler looks at.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include <websock/websock.hpp>
#include "support/deflate.hpp"
#include "support/raw_client.hpp"
#include "support/waiting.hpp"

namespace websock {
namespace {

namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using test::raw_client;

BOOST_AUTO_TEST_SUITE(nested_loop)

constexpr std::string_view deflate_offer =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
    "server_no_context_takeover\r\n";

std::string compressed_frame(std::string_view text) {
    const auto bytes = test::compressed(text);
    return test::encode_frame(
        0x41, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// What comes next but for pings.
std::string next_message(raw_client& client) {
    std::string next;
    do {
        next = client.next();
    } while (next.starts_with("ping("));
    return next;
}

BOOST_DATA_TEST_CASE(other_connections_leave_a_handlers_view_alone,
                     data::make({false, true}) * data::make({0, 10}), deflated, ping_interval) {
    const auto frame = [deflated](std::string_view text) {
        return deflated ? compressed_frame(text) : test::text_frame(text);
    };
    std::atomic<int> others{0};
    std::atomic<bool> inside{false};
    std::atomic<bool> unchanged{false};
    handlers callbacks;
    callbacks.on_message = [&](connection& peer, message_view view) {
        if (!view.text().starts_with("nest")) {
            ++others;
            peer.try_send(view);
            return;
        }
        const std::string before(view.text());
        const auto executor = peer.get_executor();
        auto& context = executor.target<asio::io_context::executor_type>()->context();
        inside = true;
        static_cast<void>(test::eventually([&] {
            context.poll();
            return others >= 2;
        }));
        unchanged = view.text() == before;
        peer.try_send(view);
    };
    server_options options;
    options.threads = 1;
    options.handle_signals = false;
    options.connection.ping_interval = std::chrono::milliseconds(ping_interval);
    options.connection.deflate.enabled = true;
    options.connection.deflate.threshold = 1'000'000;  // what it sends is not compressed
    server s(options);
    s.route("/ws", callbacks);
    const std::uint16_t port = s.listen({"127.0.0.1", 0});
    std::thread running([&s] { s.run(); });
    {
        raw_client first(port);
        raw_client second(port);
        first.open("/ws", deflated ? deflate_offer : "");
        second.open("/ws", deflated ? deflate_offer : "");
        first.send_bytes(frame("nest: what the handler looks at") + frame("and what comes behind"));
        BOOST_TEST(test::eventually([&inside] { return inside.load(); }));
        if (ping_interval > 0) {
            BOOST_TEST(second.next() == "ping()");
            BOOST_TEST(second.next() == "ping()");
        }
        second.send_bytes(frame("------ a secret of the second --------") + frame("------"));
        BOOST_TEST(next_message(second) == "text(------ a secret of the second --------)");
        BOOST_TEST(next_message(second) == "text(------)");
        BOOST_TEST(next_message(first) == "text(nest: what the handler looks at)");
        BOOST_TEST(next_message(first) == "text(and what comes behind)");
        BOOST_TEST(unchanged);
        for (raw_client* const client : {&first, &second}) {
            client->send_bytes(test::close_frame(1000));
            BOOST_TEST(next_message(*client) == "close(1000)");
            BOOST_TEST(client->next() == "end");
        }
    }
    s.shutdown(std::chrono::milliseconds(0));
    running.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
