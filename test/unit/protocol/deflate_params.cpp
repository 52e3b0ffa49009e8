// Negotiation of permessage-deflate (RFC 7692 §5, §7.1): offers and answers as they are written in
// header fields, each rule from both sides.
#include "protocol/deflate_params.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

namespace websock::protocol {
namespace {

const deflate_options usual{.enabled = true};

std::vector<extension> parse(std::string_view field) {
    auto parsed = parse_extensions(field);
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), "not a list of extensions: " << field);
    return std::move(*parsed);
}

// The answer to an offer, "declined" if there is none.
std::string answer_to(std::string_view offer, const deflate_options& wanted = usual) {
    const auto accepted = accept_offer(parse(offer), wanted);
    return accepted ? accepted->response : "declined";
}

deflate_params agreed_on(std::string_view offer, const deflate_options& wanted = usual) {
    const auto accepted = accept_offer(parse(offer), wanted);
    BOOST_REQUIRE_MESSAGE(accepted.has_value(), "declined: " << offer);
    return accepted->params;
}

std::string with(std::string_view parameters) {
    return std::string(permessage_deflate).append(parameters);
}

bool is_refused(std::string_view answer, const deflate_options& wanted = usual) {
    std::optional<deflate_params> agreed = deflate_params();
    const error_code ec = judge_answer(parse(answer), wanted, agreed);
    BOOST_TEST((!ec || ec == make_error_code(error::bad_upgrade_response)));
    BOOST_TEST(agreed.has_value() == !ec);
    return ec.failed();
}

deflate_params agreed_by(std::string_view answer, const deflate_options& wanted = usual) {
    std::optional<deflate_params> agreed;
    const error_code ec = judge_answer(parse(answer), wanted, agreed);
    BOOST_REQUIRE_MESSAGE(!ec && agreed, "refused: " << answer);
    return *agreed;
}

BOOST_AUTO_TEST_SUITE(deflate_offers)

// [6455-9-1, 7692-5-3, 7692-5-9]
BOOST_AUTO_TEST_CASE(accepted_only_if_enabled_and_offered) {
    BOOST_TEST(answer_to("permessage-deflate") == "permessage-deflate");
    BOOST_TEST((agreed_on("permessage-deflate") == deflate_params()));
    BOOST_TEST(answer_to("permessage-deflate", deflate_options()) == "declined");
    BOOST_TEST(!accept_offer({}, usual).has_value());
    for (const char* const other : {"permessage-bzip2", "x-webkit-deflate-frame",
                                    "permessage-deflate2", "deflate", "a, b; c=1"}) {
        BOOST_TEST(answer_to(other) == "declined");
    }
}

// RFC 7692 §7.1.1.1: the response repeats server_no_context_takeover. §7.1.1.2: the client's hint
// is taken up.
BOOST_AUTO_TEST_CASE(context_takeover_is_given_up_if_either_side_asks) {
    BOOST_TEST(answer_to(with("; server_no_context_takeover")) ==
               with("; server_no_context_takeover"));
    BOOST_TEST(answer_to(with("; client_no_context_takeover")) ==
               with("; client_no_context_takeover"));
    const auto both = agreed_on(with("; client_no_context_takeover; server_no_context_takeover"));
    BOOST_TEST(!both.takes_over(role::server));
    BOOST_TEST(!both.takes_over(role::client));
    const deflate_options mine{
        .enabled = true, .server_no_context_takeover = true, .client_no_context_takeover = true};
    BOOST_TEST(answer_to("permessage-deflate", mine) ==
               with("; server_no_context_takeover; client_no_context_takeover"));
    BOOST_TEST(!agreed_on("permessage-deflate", mine).takes_over(role::client));
    BOOST_TEST(agreed_on(with("; client_no_context_takeover")).takes_over(role::server));
    BOOST_TEST(!agreed_on(with("; client_no_context_takeover")).takes_over(role::client));
}

// [7692-5-4, 7692-7.1.2.1-1, 7692-7.1.2.1-2]
BOOST_AUTO_TEST_CASE(every_server_window) {
    for (int bits = 0; bits <= 40; ++bits) {
        const std::string parameter = "; server_max_window_bits=" + std::to_string(bits);
        // RFC 7692 §7.1.2.1: 8 to 15; zlib cannot compress with 8.
        if (bits < 9 || bits > 15) {
            BOOST_TEST(answer_to(with(parameter)) == "declined");
        } else {
            BOOST_TEST(answer_to(with(parameter)) == with(parameter));
            BOOST_TEST(agreed_on(with(parameter)).window_bits(role::server) == bits);
            BOOST_TEST(agreed_on(with(parameter)).window_bits(role::client) == 15);
        }
    }
    BOOST_TEST(answer_to(with("; server_max_window_bits")) == "declined");  // it needs a value
}

// [7692-7.1.2.2-1, 7692-7.1.2.2-2]
BOOST_AUTO_TEST_CASE(every_client_window) {
    for (int bits = 0; bits <= 40; ++bits) {
        const std::string parameter = "; client_max_window_bits=" + std::to_string(bits);
        if (bits < 8 || bits > 15) {
            BOOST_TEST(answer_to(with(parameter)) == "declined");
        } else {
            BOOST_TEST(answer_to(with(parameter)) == with(parameter));
            BOOST_TEST(agreed_on(with(parameter)).window_bits(role::client) == bits);
            BOOST_TEST(agreed_on(with(parameter)).window_bits(role::server) == 15);
        }
    }
    // Without a value the client only says that it understands the parameter in a response.
    BOOST_TEST(answer_to(with("; client_max_window_bits")) == "permessage-deflate");
}

BOOST_AUTO_TEST_CASE(own_limits_narrow_the_offer) {
    const deflate_options mine{
        .enabled = true, .server_max_window_bits = 11, .client_max_window_bits = 12};
    BOOST_TEST(answer_to(with("; server_max_window_bits=13; client_max_window_bits=13"), mine) ==
               with("; server_max_window_bits=11; client_max_window_bits=12"));
    BOOST_TEST(answer_to(with("; server_max_window_bits=10; client_max_window_bits=10"), mine) ==
               with("; server_max_window_bits=10; client_max_window_bits=10"));
    BOOST_TEST(answer_to(with("; client_max_window_bits"), mine) ==
               with("; server_max_window_bits=11; client_max_window_bits=12"));
}

// [7692-7.1.2.2-3]
BOOST_AUTO_TEST_CASE(the_clients_window_is_told_only_if_it_offers_to_be_told) {
    const deflate_options mine{.enabled = true, .client_max_window_bits = 9};
    BOOST_TEST(answer_to("permessage-deflate", mine) == "permessage-deflate");
    BOOST_TEST(agreed_on("permessage-deflate", mine).window_bits(role::client) == 15);
    BOOST_TEST(agreed_on(with("; client_max_window_bits"), mine).window_bits(role::client) == 9);
}

// [7692-7-1]
BOOST_AUTO_TEST_CASE(malformed_parameters_are_declined) {
    for (const char* const name : {"server_max_window_bits", "client_max_window_bits"}) {
        for (const char* const value :
             {"010", "09", "0010", "+10", "-10", "1", "00", "a", "10a", "1.5", "0x0a", "16", "100",
              "1e1", "10'", "1O", "\"010\"", "99999999999999999999", "4294967306"}) {
            BOOST_TEST(answer_to(with("; ").append(name).append("=").append(value)) == "declined");
        }
        // A quoted value is the same as the token in it (RFC 6455 §9.1).
        BOOST_TEST(answer_to(with("; ").append(name).append("=\"10\"")) ==
                   with("; ").append(name).append("=10"));
    }
    for (const char* const name : {"server_no_context_takeover", "client_no_context_takeover"}) {
        for (const char* const value : {"1", "true", "\"x\"", "0"}) {
            BOOST_TEST(answer_to(with("; ").append(name).append("=").append(value)) == "declined");
        }
    }
    for (const char* const unknown :
         {"; mux", "; window_bits=10", "; server_max_window_bits=10; mux=1",
          "; Server_no_context_takeover", "; server_max_window_bit=10", "; no_context_takeover"}) {
        BOOST_TEST(answer_to(with(unknown)) == "declined");
    }
}

// What is no list at all never gets here: the handshake fails (handshake.cpp).
// [6455-9.1-1]
BOOST_AUTO_TEST_CASE(what_the_grammar_refuses) {
    for (const char* const bad :
         {"permessage-deflate; server_max_window_bits=", "permessage-deflate; =10",
          "permessage-deflate; client_max_window_bits=\"\"", "permessage-deflate; a=\"10",
          "permessage-deflate; client_max_window_bits=1 0", "permessage-deflate;;",
          "permessage-deflate; a=\"1,0\""}) {
        BOOST_TEST(!parse_extensions(bad).has_value());
    }
}

// [7692-7-1]
BOOST_AUTO_TEST_CASE(repeated_parameters_are_declined) {
    for (const char* const parameter :
         {"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits=10",
          "client_max_window_bits=10", "client_max_window_bits"}) {
        const std::string once = std::string("; ") + parameter;
        BOOST_TEST(answer_to(with(once)) != "declined");
        BOOST_TEST(answer_to(with(once + once)) == "declined");
    }
    BOOST_TEST(answer_to(with("; client_max_window_bits; client_max_window_bits=10")) ==
               "declined");
    BOOST_TEST(answer_to(with("; client_max_window_bits=10; client_max_window_bits")) ==
               "declined");
    BOOST_TEST(answer_to(with("; server_max_window_bits=10; server_max_window_bits=11")) ==
               "declined");
}

// RFC 7692 §5: offers come in the order of preference; §7.1.3 has this kind of fall-back.
// [6455-4.2.2-8, 7692-5-5, 7692-5-7]
BOOST_AUTO_TEST_CASE(the_first_acceptable_offer_counts) {
    BOOST_TEST(answer_to("permessage-deflate; server_max_window_bits=10, permessage-deflate") ==
               with("; server_max_window_bits=10"));
    BOOST_TEST(answer_to("permessage-deflate, permessage-deflate; server_max_window_bits=10") ==
               "permessage-deflate");
    BOOST_TEST(answer_to("permessage-deflate; server_max_window_bits=8, permessage-deflate; mux, "
                         "permessage-deflate; client_max_window_bits=9") ==
               with("; client_max_window_bits=9"));
    BOOST_TEST(
        answer_to("x-a; server_max_window_bits=9, permessage-deflate; server_max_window_bits, "
                  "x-b, , permessage-deflate; server_no_context_takeover, x-c; q=\"1\"") ==
        with("; server_no_context_takeover"));
    BOOST_TEST(answer_to("permessage-deflate; server_max_window_bits=8, "
                         "permessage-deflate; client_max_window_bits=7") == "declined");
}

// The examples of RFC 7692 §7.1.3.
BOOST_AUTO_TEST_CASE(the_examples_of_the_rfc) {
    BOOST_TEST(answer_to("permessage-deflate; client_max_window_bits; server_max_window_bits=10") ==
               with("; server_max_window_bits=10"));
    BOOST_TEST(answer_to("permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
                         "permessage-deflate; client_max_window_bits") ==
               with("; server_max_window_bits=10"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deflate_answers)

// [6455-9-2, 6455-9.1-3, 6455-9.1-4, 7692-5-1, 7692-5-2]
BOOST_AUTO_TEST_CASE(what_is_offered) {
    BOOST_TEST(make_offer(usual) == with("; client_max_window_bits"));
    BOOST_TEST(make_offer({.enabled = true,
                           .server_max_window_bits = 9,
                           .client_max_window_bits = 8,
                           .server_no_context_takeover = true,
                           .client_no_context_takeover = true}) ==
               with("; server_no_context_takeover; client_no_context_takeover; "
                    "server_max_window_bits=9; client_max_window_bits=8"));
}

// [6455-4.1-37]
BOOST_AUTO_TEST_CASE(no_answer_is_no_extension) {
    std::optional<deflate_params> agreed = deflate_params();
    BOOST_TEST(!judge_answer({}, usual, agreed));
    BOOST_TEST(!agreed.has_value());
    BOOST_TEST(!judge_answer({}, deflate_options(), agreed));
}

BOOST_AUTO_TEST_CASE(what_a_server_may_answer) {
    BOOST_TEST((agreed_by("permessage-deflate") == deflate_params()));
    // [7692-7.1.1.2-1]
    BOOST_TEST((agreed_by(with("; client_no_context_takeover")) ==
                deflate_params{.client_no_context_takeover = true}));
    BOOST_TEST((agreed_by(with("; server_no_context_takeover")) ==
                deflate_params{.server_no_context_takeover = true}));
    for (int bits = 8; bits <= 15; ++bits) {
        const std::string value = "=" + std::to_string(bits);
        BOOST_TEST((agreed_by(with("; server_max_window_bits" + value)) ==
                    deflate_params{.server_max_window_bits = bits}));
        BOOST_TEST((agreed_by(with("; client_max_window_bits" + value)) ==
                    deflate_params{.client_max_window_bits = bits}));
    }
    BOOST_TEST(agreed_by(with("; server_max_window_bits=\"10\"")).server_max_window_bits == 10);
}

// [6455-4.1-37, 7692-5-6, 7692-5-8, 7692-5-10]
BOOST_AUTO_TEST_CASE(what_was_not_offered_fails_the_handshake) {
    BOOST_TEST(is_refused("permessage-deflate", deflate_options()));
    for (const char* const bad :
         {"x", "permessage-deflate, x", "x, permessage-deflate", "Permessage-deflate",
          "permessage-deflate, permessage-deflate", "permessage-bzip2"}) {
        BOOST_TEST(is_refused(bad));
    }
}

// [7692-7-2, 7692-7.1.2.1-2, 7692-7.1.2.2-2]
BOOST_AUTO_TEST_CASE(malformed_answers_fail_the_handshake) {
    for (const char* const bad :
         {"; mux", "; server_max_window_bits", "; client_max_window_bits",
          "; server_max_window_bits=7", "; server_max_window_bits=16", "; client_max_window_bits=7",
          "; client_max_window_bits=16", "; server_max_window_bits=08",
          "; client_max_window_bits=\"08\"", "; server_no_context_takeover=1",
          "; client_no_context_takeover=true",
          "; server_no_context_takeover; server_no_context_takeover",
          "; client_max_window_bits=10; client_max_window_bits=10",
          "; server_max_window_bits=10; server_max_window_bits=10"}) {
        BOOST_TEST(is_refused(with(bad)), bad);
    }
}

// RFC 7692 §7.1.1.1, §7.1.2.1: a server that accepts an offer with the parameter repeats it.
BOOST_AUTO_TEST_CASE(what_was_demanded_must_be_in_the_answer) {
    const deflate_options mine{
        .enabled = true, .server_max_window_bits = 10, .server_no_context_takeover = true};
    const std::string takeover = "; server_no_context_takeover";
    BOOST_TEST(is_refused("permessage-deflate", mine));
    BOOST_TEST(is_refused(with(takeover), mine));
    BOOST_TEST(is_refused(with("; server_max_window_bits=10"), mine));
    BOOST_TEST(is_refused(with(takeover + "; server_max_window_bits=11"), mine));
    for (const int bits : {8, 9, 10}) {
        const std::string answer = takeover + "; server_max_window_bits=" + std::to_string(bits);
        BOOST_TEST(
            (agreed_by(with(answer), mine) ==
             deflate_params{.server_no_context_takeover = true, .server_max_window_bits = bits}));
    }
}

// RFC 7692 §7.1.1.2, §7.1.2.2: what a client offers for its own direction is a hint; it keeps it
// whatever the server says.
// [7692-7.2.2-6]
BOOST_AUTO_TEST_CASE(the_own_direction_is_as_narrow_as_offered_or_answered) {
    const deflate_options mine{
        .enabled = true, .client_max_window_bits = 11, .client_no_context_takeover = true};
    const deflate_params hinted{.client_no_context_takeover = true, .client_max_window_bits = 11};
    BOOST_TEST((agreed_by("permessage-deflate", mine) == hinted));
    BOOST_TEST((agreed_by(with("; client_max_window_bits=15"), mine) == hinted));
    BOOST_TEST(agreed_by(with("; client_max_window_bits=9"), mine).client_max_window_bits == 9);
}

// Whatever a server of ours answers to an offer of ours is good.
BOOST_AUTO_TEST_CASE(both_sides_agree) {
    for (const int server_bits : {9, 12, 15}) {
        for (const int client_bits : {8, 9, 15}) {
            for (unsigned flags = 0; flags < 16; ++flags) {
                const deflate_options client{.enabled = true,
                                             .server_max_window_bits = server_bits,
                                             .client_max_window_bits = client_bits,
                                             .server_no_context_takeover = (flags & 1U) != 0,
                                             .client_no_context_takeover = (flags & 2U) != 0};
                for (const int bits : {9, 10, 15}) {
                    const deflate_options server{.enabled = true,
                                                 .server_max_window_bits = bits,
                                                 .client_max_window_bits = 24 - bits,
                                                 .server_no_context_takeover = (flags & 4U) != 0,
                                                 .client_no_context_takeover = (flags & 8U) != 0};
                    const auto accepted = accept_offer(parse(make_offer(client)), server);
                    BOOST_REQUIRE(accepted.has_value());
                    BOOST_TEST((agreed_by(accepted->response, client) == accepted->params));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deflate_option_ranges)

BOOST_AUTO_TEST_CASE(the_first_bad_option_is_named) {
    BOOST_TEST(find_bad_option(deflate_options()).empty());
    BOOST_TEST(find_bad_option(usual).empty());
    const auto expect = [](int deflate_options::* option, int low, int high,
                           std::string_view named) {
        for (int value = -1; value <= 20; ++value) {
            deflate_options options = usual;
            options.*option = value;
            const std::string_view bad = find_bad_option(options);
            BOOST_TEST(bad.empty() == (value >= low && value <= high));
            BOOST_TEST((bad.empty() || bad.starts_with(named)));
        }
    };
    expect(&deflate_options::level, 1, 9, "deflate.level ");
    expect(&deflate_options::memory_level, 1, 9, "deflate.memory_level ");
    expect(&deflate_options::server_max_window_bits, 9, 15, "deflate.server_max_window_bits ");
    expect(&deflate_options::client_max_window_bits, 8, 15, "deflate.client_max_window_bits ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
