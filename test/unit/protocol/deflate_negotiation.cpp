// Negotiation of permessage-deflate (RFC 7692 §5, §7.1) on literal fields, rule by rule, as the
// ledger (test/conformance/ledger.toml) numbers them. The rules for messages: deflate_messages.cpp.
#include <array>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "protocol/deflate_params.hpp"
#include "protocol/http_tokens.hpp"

namespace websock::protocol {
namespace {

constexpr const char* declined = "declined";

deflate_options wanting(int server_bits = 15, int client_bits = 15) {
    return {.enabled = true,
            .server_max_window_bits = server_bits,
            .client_max_window_bits = client_bits};
}

/// What a server answers to the value of a Sec-WebSocket-Extensions field.
std::string answer(std::string_view offers, const deflate_options& wanted = wanting()) {
    const auto parsed = parse_extensions(offers);
    BOOST_REQUIRE(parsed.has_value());
    const auto accepted = accept_offer(*parsed, wanted);
    return accepted ? accepted->response : declined;
}

/// What a client makes of an answer; nothing if it fails the connection, or goes without.
std::optional<deflate_params> agreed(std::string_view answer,
                                     const deflate_options& wanted = wanting()) {
    const auto parsed = parse_extensions(answer);
    BOOST_REQUIRE(parsed.has_value());
    std::optional<deflate_params> params;
    const error_code ec = judge_answer(*parsed, wanted, params);
    BOOST_TEST((ec == (params ? error_code() : make_error_code(error::bad_upgrade_response))));
    return params;
}

// Elements that break a rule whoever sends them (§7).
constexpr std::array bad_elements{
    "permessage-deflate; x",
    "permessage-deflate; x=1",
    "permessage-deflate; Server_No_Context_Takeover_",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover=true",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=010",
    "permessage-deflate; server_max_window_bits=+9",
    "permessage-deflate; server_max_window_bits=1a",
    "permessage-deflate; server_max_window_bits=-10",
    "permessage-deflate; server_max_window_bits=100",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=08",
    "permessage-deflate; client_max_window_bits=x",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
    "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
};

BOOST_AUTO_TEST_SUITE(deflate_negotiation)

// ---- §5, §7.1: the server

// [6455-9-2, 6455-9.1-3, 6455-9.1-4, 7692-5-3, 7692-7.1.2.1-2, 7692-7.1.2.2-2]
BOOST_AUTO_TEST_CASE(an_offer_is_accepted_by_its_name_and_what_was_agreed) {
    const std::string name = "permessage-deflate";
    BOOST_TEST(answer(name) == name);
    BOOST_TEST(answer(name + "; client_max_window_bits") == name);
    for (const char* const parameters :
         {"; server_no_context_takeover", "; client_no_context_takeover",
          "; server_max_window_bits=9", "; server_max_window_bits=10",
          "; server_max_window_bits=15", "; client_max_window_bits=8",
          "; client_max_window_bits=15",
          "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; "
          "client_max_window_bits=13"})
        BOOST_TEST(answer(name + parameters) == name + parameters);
    BOOST_TEST(answer(name + "; server_max_window_bits=\"10\"") ==
               name + "; server_max_window_bits=10");
    BOOST_TEST(
        answer(name + "; server_max_window_bits=12; client_max_window_bits", wanting(9, 8)) ==
        name + "; server_max_window_bits=9; client_max_window_bits=8");
}

// [7692-5-9, 7692-7-1, 7692-7.1.2.1-1, 7692-7.1.2.2-1]
BOOST_AUTO_TEST_CASE(offers_that_break_a_rule_are_declined) {
    for (const char* const bad : bad_elements) {
        BOOST_TEST(answer(bad) == declined, bad);
        BOOST_TEST(answer(std::string(bad) + ", permessage-deflate") == "permessage-deflate", bad);
    }
    for (const char* const other : {"x", "permessage-bzip2", "permessage-deflate-2"})
        BOOST_TEST(answer(other) == declined, other);
    BOOST_TEST(answer("permessage-deflate", {.enabled = false}) == declined);
}

// A window of 256 bytes is more than zlib can promise. [7692-5-4, 7692-7-1]
BOOST_AUTO_TEST_CASE(a_configuration_that_is_not_supported_is_declined) {
    BOOST_TEST(answer("permessage-deflate; server_max_window_bits=8") == declined);
    BOOST_TEST(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate; "
                      "server_max_window_bits=9") ==
               "permessage-deflate; server_max_window_bits=9");
}

// [7692-7.1.2.2-3]
BOOST_AUTO_TEST_CASE(the_clients_window_is_limited_only_if_it_offered_that) {
    BOOST_TEST(answer("permessage-deflate", wanting(15, 10)) == "permessage-deflate");
    BOOST_TEST(answer("permessage-deflate; client_max_window_bits", wanting(15, 10)) ==
               "permessage-deflate; client_max_window_bits=10");
}

// Another extension might use RSV1 or the frames' boundaries: none is ever accepted beside it.
// [6455-4.2.2-8, 7692-5-5, 7692-5-7]
BOOST_AUTO_TEST_CASE(no_other_extension_is_accepted_beside_it) {
    BOOST_TEST(answer("x-other, permessage-deflate, permessage-bzip2") == "permessage-deflate");
    BOOST_TEST(answer("permessage-deflate; server_max_window_bits=10, permessage-deflate") ==
               "permessage-deflate; server_max_window_bits=10");
}

// The hint in the offer counts for nothing: what the server decompresses by is what its response
// says. [7692-7.2.2-3]
BOOST_AUTO_TEST_CASE(the_server_goes_by_its_own_response) {
    for (const char* const offer :
         {"permessage-deflate", "permessage-deflate; client_no_context_takeover"})
        for (const bool wanted : {false, true}) {
            deflate_options options = wanting();
            options.client_no_context_takeover = wanted;
            const auto accepted = accept_offer(*parse_extensions(offer), options);
            BOOST_REQUIRE(accepted.has_value());
            const bool said =
                accepted->response.find("client_no_context_takeover") != std::string::npos;
            BOOST_TEST(accepted->params.client_no_context_takeover == said);
        }
}

// ---- §5, §7.1: the client

// [6455-9-2, 6455-9.1-3, 6455-9.1-4, 7692-5-1, 7692-5-2, 7692-7.1.2.1-1, 7692-7.1.2.2-1]
BOOST_AUTO_TEST_CASE(a_client_offers_what_it_wants_by_name) {
    BOOST_TEST(make_offer(wanting()) == "permessage-deflate; client_max_window_bits");
    BOOST_TEST(make_offer(wanting(9, 8)) ==
               "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8");
    BOOST_TEST(make_offer(wanting(10, 14)) ==
               "permessage-deflate; server_max_window_bits=10; client_max_window_bits=14");
    deflate_options all = wanting();
    all.server_no_context_takeover = true;
    all.client_no_context_takeover = true;
    BOOST_TEST(make_offer(all) ==
               "permessage-deflate; server_no_context_takeover; "
               "client_no_context_takeover; client_max_window_bits");
}

// [6455-4.1-37, 7692-5-10, 7692-7-2]
BOOST_AUTO_TEST_CASE(answers_that_break_a_rule_fail_the_connection) {
    for (const char* const bad : bad_elements)
        BOOST_TEST(!agreed(bad).has_value(), bad);
    BOOST_TEST(!agreed("permessage-deflate; client_max_window_bits").has_value());  // no value
    BOOST_TEST(!agreed("permessage-deflate; server_max_window_bits=11", wanting(10)).has_value());
    BOOST_TEST(!agreed("permessage-deflate", wanting(10)).has_value());
    deflate_options demanding = wanting();
    demanding.server_no_context_takeover = true;
    BOOST_TEST(!agreed("permessage-deflate", demanding).has_value());
    BOOST_TEST(!agreed("permessage-deflate", {.enabled = false}).has_value());  // not offered
    BOOST_TEST(!agreed("permessage-bzip2").has_value());
    BOOST_TEST((agreed("permessage-deflate") == deflate_params{}));
}

// [7692-5-6, 7692-5-8]
BOOST_AUTO_TEST_CASE(another_extension_in_the_answer_fails_the_connection) {
    for (const char* const bad : {"permessage-deflate, x-other", "x-other, permessage-deflate",
                                  "permessage-deflate, permessage-deflate"})
        BOOST_TEST(!agreed(bad).has_value(), bad);
}

// [7692-7.1.1.2-1]
BOOST_AUTO_TEST_CASE(a_client_supports_client_no_context_takeover_unasked) {
    const auto params = agreed("permessage-deflate; client_no_context_takeover");
    BOOST_REQUIRE(params.has_value());
    BOOST_TEST(!params->takes_over(role::client));
    BOOST_TEST(params->takes_over(role::server));
}

// [7692-7.2.2-6]
BOOST_AUTO_TEST_CASE(a_clients_window_conforms_to_the_answer) {
    BOOST_TEST(agreed("permessage-deflate; client_max_window_bits=10")->client_max_window_bits ==
               10);
    BOOST_TEST(agreed("permessage-deflate; client_max_window_bits=12", wanting(15, 9))
                   ->client_max_window_bits <= 12);
    BOOST_TEST(agreed("permessage-deflate")->client_max_window_bits == 15);
}

// [6455-9.1-5]
BOOST_AUTO_TEST_CASE(without_an_answer_it_is_not_used) {
    std::optional<deflate_params> params = deflate_params();
    BOOST_TEST(!judge_answer({}, wanting(), params));
    BOOST_TEST(!params.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
