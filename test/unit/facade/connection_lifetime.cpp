// A handle keeps a connection's memory (connection.hpp), so it may outlive the connection and the
// server. Under ASan, or this shows nothing.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using test::raw_client;
using test::to_text;

/// What the user may still do with a handle whose executor is gone.
void use_after_all(connection peer) {
    BOOST_TEST(peer.request().path() == "/ws");
    BOOST_TEST(peer.remote_address().host == "127.0.0.1");
    BOOST_TEST(!peer.is_open());
    BOOST_TEST((peer.try_send("late") == error::closed));
    BOOST_TEST((peer.ping("late") == error::closed));
    peer.request_close();
    const connection copy = peer;
    BOOST_TEST((copy == peer));
}

BOOST_AUTO_TEST_SUITE(connection_lifetime)

BOOST_DATA_TEST_CASE(a_handle_outlives_its_host, data::make(test::server_arrangements), where) {
    test::box<connection> kept;
    handlers callbacks;
    callbacks.on_open = [&kept](connection& peer) { kept.set(peer); };
    {
        const auto host = test::start_host(where, callbacks);
        raw_client client(host->port());
        client.open();
        BOOST_TEST(client.close() == "close(1000) end");
    }
    BOOST_TEST(to_text(kept.get().close_info()) == "1000 peer clean");
    use_after_all(kept.get());
}

BOOST_AUTO_TEST_CASE(a_handle_outlives_a_server_that_cut_its_connection) {
    test::box<connection> kept;
    {
        handlers callbacks;
        callbacks.on_open = [&kept](connection& peer) { kept.set(peer); };
        server_options options;
        options.handle_signals = false;
        server s(options);
        s.route("/ws", callbacks);
        raw_client client(s.listen({"127.0.0.1", 0}));
        std::thread running([&s] { s.run(); });
        client.open();
        static_cast<void>(kept.get());
        s.shutdown(0ms);
        running.join();
    }
    BOOST_TEST((kept.get().close_info().ec == error::shut_down));
    use_after_all(kept.get());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
