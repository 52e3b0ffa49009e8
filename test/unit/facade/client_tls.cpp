// Whom the client believes (wss): by default nobody whose certificate does not prove it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"
#include "support/tls_handshake.hpp"

namespace websock {
namespace {

namespace data = boost::unit_test::data;
using test::identity;
using test::outcome;
using test::raw_server;
using test::raw_server_peer;

/// An authority and a server's identity from it.
struct authority {
    authority() : root({.subject = "root", .authority = true}) {}
    [[nodiscard]] identity issue(test::certificate_plan plan) const { return identity(plan, root); }
    [[nodiscard]] tls_trust trust() const { return tls_trust::ca_pem(root.certificate_pem()); }

    identity root;
};

/// A connect to our own server with that identity.
outcome visit_with(const net::pem_pair& shown, tls_trust trust,
                   const std::string& host = "localhost") {
    test::host_options settings;
    settings.tls = tls_context::from_pem(shown.certificate_chain, shown.private_key);
    handlers callbacks;
    callbacks.on_open = [](connection& peer) { peer.request_close(); };
    const auto server = test::start_host(test::arrangement::server_1, callbacks, settings);
    client_options options;
    options.trust = std::move(trust);
    return test::visit("wss://" + host + ":" + std::to_string(server->port()) + "/ws", options);
}

void check_refused(const outcome& seen, const std::string& why) {
    BOOST_TEST(seen.ec.failed());
    BOOST_TEST(
        seen.what.find("the server's certificate is not accepted: " + why) != std::string::npos,
        seen.what);
    BOOST_TEST(seen.response.status() == 0U);
}

BOOST_AUTO_TEST_SUITE(client_tls)

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_refused_by_default) {
    const authority unknown;
    const auto shown = unknown.issue({.names = "DNS:localhost,IP:127.0.0.1"}).pair();
    check_refused(visit_with(shown, {}), "unable to get local issuer certificate");
    check_refused(visit_with(shown, tls_trust::system()), "unable to get local issuer");
    check_refused(visit_with(net::make_self_signed("localhost"), {}), "self-signed certificate");
}

BOOST_AUTO_TEST_CASE(an_authority_of_ones_own_is_accepted) {
    const authority own;
    const auto shown = own.issue({.names = "DNS:localhost,IP:127.0.0.1"}).pair();
    BOOST_TEST(visit_with(shown, own.trust()).end == "1000 peer clean");
    BOOST_TEST(visit_with(shown, own.trust(), "127.0.0.1").end == "1000 peer clean");
    BOOST_TEST(visit_with(shown, own.trust(), "LOCALHOST").end == "1000 peer clean");
    BOOST_TEST(visit_with(shown, tls_trust::none()).end == "1000 peer clean");
    const auto file = std::filesystem::temp_directory_path() /
                      ("websock-ca-" + std::to_string(std::random_device()()) + ".pem");
    std::ofstream(file) << own.root.certificate_pem();
    BOOST_TEST(visit_with(shown, tls_trust::ca_file(file.string())).end == "1000 peer clean");
    std::filesystem::remove(file);
    const authority other;
    check_refused(visit_with(shown, other.trust()), "");
}

BOOST_AUTO_TEST_CASE(another_host_is_refused) {
    const authority own;
    const auto name = own.issue({.subject = "localhost", .names = "DNS:other.example"}).pair();
    check_refused(visit_with(name, own.trust()), "hostname mismatch");
    check_refused(visit_with(name, own.trust(), "127.0.0.1"), "IP address mismatch");
    const auto only_name = own.issue({.names = "DNS:localhost,DNS:127.0.0.1"}).pair();
    check_refused(visit_with(only_name, own.trust(), "127.0.0.1"), "IP address mismatch");
    const auto no_names = own.issue({.subject = "localhost"}).pair();
    check_refused(visit_with(no_names, own.trust()), "hostname mismatch");
    const auto wild = own.issue({.names = "DNS:*.example.localhost"}).pair();
    check_refused(visit_with(wild, own.trust()), "hostname mismatch");
    BOOST_TEST(visit_with(wild, own.trust(), "a.example.localhost").end == "1000 peer clean");
    check_refused(visit_with(wild, own.trust(), "b.a.example.localhost"), "hostname mismatch");
    BOOST_TEST(visit_with(name, tls_trust::none()).end == "1000 peer clean");
}

BOOST_AUTO_TEST_CASE(another_time_or_use_is_refused) {
    const authority own;
    check_refused(
        visit_with(own.issue({.names = "DNS:localhost", .begins = -200, .ends = -100}).pair(),
                   own.trust()),
        "certificate has expired");
    check_refused(
        visit_with(own.issue({.names = "DNS:localhost", .begins = 1000}).pair(), own.trust()),
        "certificate is not yet valid");
    check_refused(visit_with(own.issue({.names = "DNS:localhost", .usage = "clientAuth"}).pair(),
                             own.trust()),
                  "");
}

// [6455-4.1-13]
BOOST_AUTO_TEST_CASE(the_server_is_told_which_host_is_meant) {
    raw_server server(
        [&server](raw_server_peer& peer) {
            peer.accept_tls();
            const std::string request = peer.upgrade();
            server.log().add("[" + peer.server_name() + "] " + test::field_of(request, "Host"));
            peer.send_bytes(test::server_close(1000));
            static_cast<void>(peer.next());
            static_cast<void>(peer.finish());
        },
        net::make_self_signed("localhost"));
    client_options options;
    options.trust = tls_trust::none();
    const std::string port = ":" + std::to_string(server.port());
    for (const char* host : {"localhost", "Name.LOCALHOST", "127.0.0.1"}) {
        BOOST_TEST(test::visit("wss://" + std::string(host) + port, options).end ==
                   "1000 peer clean");
    }
    BOOST_TEST(server.log().wait(3) == "[localhost] localhost" + port +
                                           " | [name.localhost] name.localhost" + port +
                                           " | [] 127.0.0.1" + port);
}

// Nothing of the request may be sent to a server that has not proved who it is. [6455-4.1-10]
BOOST_AUTO_TEST_CASE(a_refused_server_sees_no_request) {
    raw_server server(
        [&server](raw_server_peer& peer) {
            try {
                peer.accept_tls();
                static_cast<void>(peer.read_head());
                server.log().add("request");
            } catch (const boost::system::system_error&) {
                server.log().add("nothing");
            }
        },
        net::make_self_signed("localhost"));
    const outcome seen =
        test::visit("wss://user:secret@localhost:" + std::to_string(server.port()) + "/");
    check_refused(seen, "self-signed");
    BOOST_TEST(seen.what.find("secret") == std::string::npos);
    BOOST_TEST(server.log().wait(1) == "nothing");
}

BOOST_AUTO_TEST_CASE(a_trust_is_for_wss_only) {
    client_options options;
    const authority any;
    options.trust = any.trust();
    raw_server server([](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(test::server_close(1000));
        static_cast<void>(peer.next());
        static_cast<void>(peer.finish());
    });
    BOOST_TEST(test::visit(server.url(), options).end == "1000 peer clean");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
