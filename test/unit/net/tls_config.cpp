// What a client accepts as its server, by handshakes in memory; and what both sides agree on.
#include "net/tls_config.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <websock/error.hpp>

#include "support/tls_handshake.hpp"

namespace websock::net {
namespace {

using settings_ptr = std::shared_ptr<const tls_settings>;
using test::certificate_plan;
using test::handshake_result;
using test::identity;

constexpr long day = 24L * 60 * 60;

/// An authority that the clients of these tests trust, for as long as any certificate lives.
const identity& authority() {
    static const identity made(
        {.subject = "authority", .begins = -100 * day, .ends = 100 * day, .authority = true});
    return made;
}

settings_ptr serving(const identity& shown) {
    return make_server_settings(shown.pair(), "certificate", "key");
}

settings_ptr trusting(const identity& trusted) {
    return make_client_settings(trusted.certificate_pem(), "authority");
}

settings_ptr trusting_anyone() { return make_client_settings(verification::off); }

/// How a client that trusts the authority takes a certificate signed by it.
std::string outcome(const certificate_plan& plan, const std::string& host) {
    const identity server(plan, authority());
    const handshake_result result =
        test::shake_hands(*serving(server), *trusting(authority()), host);
    BOOST_TEST(result.server == (result.client == "open"));
    return result.client;
}

std::string outcome_for_names(const std::string& names, const std::string& host) {
    return outcome({.names = names}, host);
}

constexpr const char* wrong_name = "hostname mismatch";  // NOLINT: OpenSSL's texts
constexpr const char* wrong_address = "IP address mismatch";

BOOST_AUTO_TEST_SUITE(tls_config)

// [6455-4.1-13]
BOOST_AUTO_TEST_CASE(a_server_of_a_trusted_authority_is_accepted) {
    const identity server({.names = "DNS:server.example"}, authority());
    const handshake_result result =
        test::shake_hands(*serving(server), *trusting(authority()), "server.example");
    BOOST_TEST(result.client == "open");
    BOOST_TEST(result.server);
    BOOST_TEST(result.sni == "server.example");
    BOOST_TEST(result.version == "TLSv1.3");
    BOOST_TEST(result.protocol == "http/1.1");
}

// [6455-4.1-11]
BOOST_AUTO_TEST_CASE(a_server_of_an_unknown_authority_is_refused) {
    const identity other({.subject = "other", .authority = true});
    const identity server({.names = "DNS:server.example"}, other);
    const settings_ptr serves = serving(server);
    const handshake_result result =
        test::shake_hands(*serves, *trusting(authority()), "server.example");
    BOOST_TEST(result.client == "unable to get local issuer certificate");
    BOOST_TEST(!result.server);
    // The same name does not make it the same authority.
    const identity pretender({.subject = "authority", .authority = true});
    const identity forged({.names = "DNS:server.example"}, pretender);
    BOOST_TEST(
        test::shake_hands(*serving(forged), *trusting(authority()), "server.example").client !=
        "open");
    // Nor does the system know it.
    BOOST_TEST(test::shake_hands(*serves, *make_client_settings(verification::system_store),
                                 "server.example")
                   .client == "unable to get local issuer certificate");
}

BOOST_AUTO_TEST_CASE(a_self_signed_server_is_accepted_if_it_is_itself_trusted) {
    const pem_pair pem = make_self_signed("localhost");
    const settings_ptr serves = make_server_settings(pem, "certificate", "key");
    const settings_ptr trusts = make_client_settings(pem.certificate_chain, "certificate");
    for (const char* const host : {"localhost", "127.0.0.1", "::1"})
        BOOST_TEST(test::shake_hands(*serves, *trusts, host).client == "open", host);
    BOOST_TEST(test::shake_hands(*serves, *trusts, "example.com").client == wrong_name);
    BOOST_TEST(test::shake_hands(*serves, *trusting(authority()), "localhost").client ==
               "self-signed certificate");
    BOOST_TEST(
        test::shake_hands(*serves, *make_client_settings(verification::system_store), "localhost")
            .client == "self-signed certificate");
}

BOOST_AUTO_TEST_CASE(a_signed_server_is_accepted_if_it_is_itself_trusted) {
    const identity server({.names = "DNS:server.example"}, authority());
    const identity sibling({.names = "DNS:server.example"}, authority());
    BOOST_TEST(test::shake_hands(*serving(server), *trusting(server), "server.example").client ==
               "open");
    BOOST_TEST(test::shake_hands(*serving(sibling), *trusting(server), "server.example").client !=
               "open");
}

BOOST_AUTO_TEST_CASE(all_certificates_of_a_text_are_trusted) {
    const identity other({.subject = "other", .authority = true});
    const settings_ptr trusts = make_client_settings(
        "comment\n" + authority().certificate_pem() + "\n" + other.certificate_pem(), "both");
    for (const identity* issuer : {&authority(), &other}) {
        const identity server({.names = "DNS:server.example"}, *issuer);
        BOOST_TEST(test::shake_hands(*serving(server), *trusts, "server.example").client == "open");
    }
}

BOOST_AUTO_TEST_CASE(the_certificate_must_be_for_the_host) {
    const std::string names = "DNS:a.example,DNS:b.example";
    BOOST_TEST(outcome_for_names(names, "a.example") == "open");
    BOOST_TEST(outcome_for_names(names, "B.Example") == "open");
    for (const char* const host : {"c.example", "example", "x.a.example", "a.example.com"})
        BOOST_TEST(outcome_for_names(names, host) == wrong_name, host);
}

BOOST_AUTO_TEST_CASE(a_trailing_dot_is_not_part_of_the_name) {
    const identity server({.names = "DNS:server.example"}, authority());
    const handshake_result result =
        test::shake_hands(*serving(server), *trusting(authority()), "server.example.");
    BOOST_TEST(result.client == "open");
    BOOST_TEST(result.sni == "server.example");
}

// RFC 9525 §6.3: a wildcard is the whole first label, and stands for one.
BOOST_AUTO_TEST_CASE(wildcards_stand_for_one_whole_label) {
    BOOST_TEST(outcome_for_names("DNS:*.example.com", "a.example.com") == "open");
    for (const char* const host : {"example.com", "a.b.example.com", "a.example.org"})
        BOOST_TEST(outcome_for_names("DNS:*.example.com", host) == wrong_name, host);
    BOOST_TEST(outcome_for_names("DNS:a*.example.com", "ab.example.com") == wrong_name);
}

// RFC 9525 §2: the name is in subjectAltName.
BOOST_AUTO_TEST_CASE(the_common_name_is_not_looked_at) {
    BOOST_TEST(outcome({.subject = "server.example"}, "server.example") == wrong_name);
    BOOST_TEST(outcome({.subject = "127.0.0.1"}, "127.0.0.1") == wrong_address);
}

BOOST_AUTO_TEST_CASE(addresses_are_demanded_as_addresses) {
    BOOST_TEST(outcome_for_names("IP:127.0.0.1", "127.0.0.1") == "open");
    BOOST_TEST(outcome_for_names("IP:2001:db8::1", "2001:DB8:0::1") == "open");
    BOOST_TEST(outcome_for_names("IP:127.0.0.1", "127.0.0.2") == wrong_address);
    BOOST_TEST(outcome_for_names("IP:2001:db8::1", "2001:db8::2") == wrong_address);
    BOOST_TEST(outcome_for_names("DNS:127.0.0.1", "127.0.0.1") == wrong_address);
    BOOST_TEST(outcome_for_names("DNS:server.example", "127.0.0.1") == wrong_address);
    BOOST_TEST(outcome_for_names("IP:127.0.0.1", "localhost") == wrong_name);
}

// RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
BOOST_AUTO_TEST_CASE(a_server_is_not_asked_for_by_address) {
    const identity server({.names = "IP:127.0.0.1,IP:::1"}, authority());
    for (const char* const host : {"127.0.0.1", "::1"}) {
        const handshake_result result =
            test::shake_hands(*serving(server), *trusting(authority()), host);
        BOOST_TEST(result.client == "open", host);
        BOOST_TEST(result.sni.empty(), host);
    }
}

BOOST_AUTO_TEST_CASE(the_certificate_must_be_within_its_dates) {
    BOOST_TEST(outcome({.names = "DNS:h", .begins = -2 * day, .ends = -day}, "h") ==
               "certificate has expired");
    BOOST_TEST(outcome({.names = "DNS:h", .begins = day, .ends = 2 * day}, "h") ==
               "certificate is not yet valid");
    // Even where it is itself what is trusted.
    const identity expired({.names = "DNS:h", .begins = -2 * day, .ends = -day});
    BOOST_TEST(test::shake_hands(*serving(expired), *trusting(expired), "h").client ==
               "certificate has expired");
}

BOOST_AUTO_TEST_CASE(the_certificate_must_be_for_servers) {
    BOOST_TEST(outcome({.names = "DNS:h", .usage = "clientAuth"}, "h") ==
               "unsuitable certificate purpose");
}

BOOST_AUTO_TEST_CASE(a_server_is_no_authority) {
    const identity server({.names = "DNS:server.example"}, authority());
    const identity forged({.subject = "forged", .names = "DNS:bank.example"}, server);
    pem_pair chain = forged.pair();
    chain.certificate_chain += server.certificate_pem();
    const settings_ptr serves = make_server_settings(chain, "certificate", "key");
    BOOST_TEST(test::shake_hands(*serves, *trusting(authority()), "bank.example").client != "open");
    BOOST_TEST(test::shake_hands(*serves, *trusting(server), "bank.example").client != "open");
}

BOOST_AUTO_TEST_CASE(without_verification_anyone_is_accepted) {
    const identity expired({.names = "DNS:other", .begins = -2 * day, .ends = -day});
    const handshake_result result =
        test::shake_hands(*serving(expired), *trusting_anyone(), "server.example");
    BOOST_TEST(result.server);
    BOOST_TEST(result.sni == "server.example");
    BOOST_TEST(result.protocol == "http/1.1");
}

// OpenSSL would take any certificate, or one for any name below.
BOOST_AUTO_TEST_CASE(hosts_that_demand_nothing_are_refused) {
    const settings_ptr client = trusting_anyone();
    for (const std::string& host :
         {std::string(), std::string("."), std::string(".example.com"), std::string("..")}) {
        const test::openssl_ptr<SSL> connection(SSL_new(client->context->native_handle()));
        BOOST_TEST(prepare_client(connection.get(), host) == make_error_code(error::bad_argument),
                   host);
    }
    const test::openssl_ptr<SSL> connection(SSL_new(client->context->native_handle()));
    BOOST_TEST(prepare_client(connection.get(), std::string("a\0.example", 10)) ==
               make_error_code(error::bad_argument));
    BOOST_TEST(prepare_client(connection.get(), "fe80::1%1") ==
               make_error_code(error::bad_argument));
    BOOST_TEST(prepare_client(connection.get(), std::string(300, 'a')).failed());
}

BOOST_AUTO_TEST_CASE(no_version_before_1_2_and_no_old_cipher) {
    const identity server({.names = "DNS:h"}, authority());
    const settings_ptr serves = serving(server);
    const settings_ptr trusts = trusting(authority());
    const auto with_version = [&](int version) {
        test::openssl_ptr<SSL> connection(SSL_new(trusts->context->native_handle()));
        SSL_set_max_proto_version(connection.get(), version);
        BOOST_TEST(!prepare_client(connection.get(), "h"));
        return test::shake_hands(serves->context->native_handle(), std::move(connection));
    };
    const handshake_result tls_1_2 = with_version(TLS1_2_VERSION);
    BOOST_TEST(tls_1_2.client == "open");
    BOOST_TEST(tls_1_2.version == "TLSv1.2");
    BOOST_TEST(tls_1_2.cipher.starts_with("ECDHE-ECDSA-"), tls_1_2.cipher);
    BOOST_TEST(with_version(TLS1_1_VERSION).client != "open");
    BOOST_TEST(SSL_CTX_get_min_proto_version(trusts->context->native_handle()) == TLS1_2_VERSION);
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_is_named) {
    const std::string good = authority().certificate_pem();
    const std::string broken = good.substr(0, good.size() / 2) + "\n-----END CERTIFICATE-----\n";
    for (const std::string& bad : {std::string(), std::string("garbage"), broken, good + broken,
                                   authority().pair().private_key}) {
        try {
            static_cast<void>(make_client_settings(bad, "the file 'x'"));
            BOOST_ERROR("accepted: " + bad);
        } catch (const boost::system::system_error& e) {
            BOOST_TEST(e.code().failed());
            BOOST_TEST(std::string(e.what()).find("the file 'x'") == 0U, e.what());
        }
        BOOST_TEST(ERR_peek_error() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_offers_another_protocol_only_is_no_http_server) {
    const identity server({.names = "DNS:h"}, authority());
    const settings_ptr serves = serving(server);
    test::openssl_ptr<SSL> connection(SSL_new(trusting_anyone()->context->native_handle()));
    const std::string h2 = "\x02h2";
    SSL_set_alpn_protos(connection.get(), reinterpret_cast<const unsigned char*>(h2.data()), 3);
    BOOST_TEST(!test::shake_hands(serves->context->native_handle(), std::move(connection)).server);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
