// What the client makes of the server's answer: refusals, faults of every kind, odd but sound ones.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support/client_run.hpp"
#include "support/raw_server.hpp"

namespace websock {
namespace {

namespace data = boost::unit_test::data;
using test::outcome;
using test::raw_server;
using test::raw_server_peer;

enum class how { whole, octets };

std::ostream& operator<<(std::ostream& out, how sent) {
    return out << (sent == how::whole ? "whole" : "octets");
}

/// A server that answers with what `answer` makes of the request, and closes with 1000 if the
/// client takes that.
outcome answered(const std::function<std::string(const std::string&)>& answer,
                 client_options options = {}, how sent = how::whole) {
    raw_server server([&](raw_server_peer& peer) {
        const std::string text = answer(peer.read_head());
        try {
            sent == how::whole ? peer.send_bytes(text) : peer.send_octets(text);
            static_cast<void>(peer.read_frame());
            static_cast<void>(peer.finish());
        } catch (const boost::system::system_error&) {
            // the client did not take it
        }
    });
    outcome seen = test::visit(server.url("/ws"), std::move(options));
    BOOST_TEST(server.log().text().empty(), server.log().text());
    return seen;
}

outcome answered_with(const std::string& text, client_options options = {}, how sent = how::whole) {
    return answered([&text](const std::string&) { return text; }, std::move(options), sent);
}

/// A sound 101, changed in one place, and a Close behind it.
outcome answered_by(const std::string& instead_of, const std::string& put,
                    client_options options = {}) {
    return answered(
        [&](const std::string& request) {
            std::string text = test::upgrade_answer(request);
            const std::size_t at = text.find(instead_of);
            text.replace(at, instead_of.size(), put);
            return text + test::server_close(1000);
        },
        std::move(options));
}

BOOST_AUTO_TEST_SUITE(client_answers)

// ---- refusals

BOOST_DATA_TEST_CASE(redirects_are_reported_not_followed, data::make({301, 302, 303, 307, 308}),
                     status) {
    int requests = 0;
    const outcome seen = answered([&](const std::string&) {
        ++requests;
        return "HTTP/1.1 " + std::to_string(status) +
               " Elsewhere\r\nLocation: ws://127.0.0.1:1/other\r\nContent-Length: 0\r\n\r\n";
    });
    BOOST_TEST(requests == 1);
    BOOST_TEST((seen.ec == error::upgrade_declined));
    BOOST_TEST(seen.response.status() == static_cast<unsigned>(status));
    BOOST_TEST(seen.response.reason() == "Elsewhere");
    BOOST_TEST(seen.response.header("location").value_or("") == "ws://127.0.0.1:1/other");
    BOOST_TEST(seen.what.find("(HTTP status " + std::to_string(status) + ")") != std::string::npos,
               seen.what);
}

BOOST_DATA_TEST_CASE(refusals_carry_status_and_headers,
                     data::make({200, 204, 400, 401, 403, 404, 426, 429, 500, 503}) *
                         data::make({how::whole, how::octets}),
                     status, sent) {
    const outcome seen = answered_with("HTTP/1.1 " + std::to_string(status) +
                                           " So\r\nRetry-After: 7\r\nX: 1\r\nX: 2\r\n"
                                           "Content-Length: 4\r\n\r\nbody",
                                       {}, sent);
    BOOST_TEST((seen.ec == error::upgrade_declined));
    BOOST_TEST((seen.ec == condition::handshake_failed));
    BOOST_TEST(seen.response.status() == static_cast<unsigned>(status));
    BOOST_TEST(seen.response.header("Retry-After").value_or("") == "7");
    BOOST_TEST(seen.response.count("X") == 2U);
    BOOST_TEST(seen.response.version() == 11U);
}

BOOST_AUTO_TEST_CASE(our_own_server_refuses) {
    const auto host = test::start_host(test::arrangement::server_1, coroutine_handler(test::echo));
    const std::string base = "ws://127.0.0.1:" + std::to_string(host->port());
    const outcome seen = test::visit(base + "/other");
    BOOST_TEST((seen.ec == error::upgrade_declined));
    BOOST_TEST(seen.response.status() == 404U);
    BOOST_TEST(seen.response.header("Connection").value_or("") == "close");
}

BOOST_AUTO_TEST_CASE(http_1_0_may_refuse_but_not_accept) {
    const outcome refused = answered_with("HTTP/1.0 403 Forbidden\r\n\r\n");
    BOOST_TEST((refused.ec == error::upgrade_declined));
    BOOST_TEST(refused.response.version() == 10U);
    BOOST_TEST((answered_by("HTTP/1.1", "HTTP/1.0").ec == error::bad_upgrade_response));
}

// ---- faults of a 101 (RFC 6455 §4.1)

struct change {
    const char* what;
    const char* instead_of;
    const char* put;
};

std::ostream& operator<<(std::ostream& out, const change& c) { return out << c.what; }

const std::vector<change> faults{
    {"no Upgrade", "Upgrade: websocket\r\n", ""},
    {"another Upgrade", "Upgrade: websocket", "Upgrade: h2c"},
    {"a longer Upgrade", "Upgrade: websocket", "Upgrade: websocket, h2c"},
    {"two Upgrades", "Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket"},
    {"no Connection", "Connection: Upgrade\r\n", ""},
    {"another Connection", "Connection: Upgrade", "Connection: keep-alive"},
    {"a longer token", "Connection: Upgrade", "Connection: Upgraded"},
    {"no accept value", "Sec-WebSocket-Accept", "X-Accept"},
    {"an empty accept value", "Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept:\r\nX: "},
    {"a wrong accept value", "Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x"},
    {"another's accept value",
     "Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX: "},
    {"two accept values", "Sec-WebSocket-Accept: ",
     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Accept: "},
    {"a subprotocol", "Upgrade:", "Sec-WebSocket-Protocol: chat\r\nUpgrade:"},
    {"an extension", "Upgrade:", "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade:"},
    {"a broken extension", "Upgrade:", "Sec-WebSocket-Extensions: a;;\r\nUpgrade:"},
    {"a space before the colon", "Upgrade:", "Upgrade :"},
    {"a bare line feed", "\r\nUpgrade", "\nUpgrade"},
    {"a control character", "Upgrade:", "X: \x01\r\nUpgrade:"},
    {"a field without a name", "Upgrade:", ": x\r\nUpgrade:"},
    {"HTTP/2", "HTTP/1.1", "HTTP/2.0"},
    {"lower case", "HTTP/1.1", "http/1.1"},
    {"a status of two digits", "101", "10"},
    {"a status of four digits", "101", "1010"},
    {"an empty line before it", "HTTP/1.1", "\r\nHTTP/1.1"},
};

// [6455-4.1-33, 6455-4.1-34, 6455-4.1-35, 6455-4.1-36, 6455-4.1-37, 6455-4.1-38]
BOOST_DATA_TEST_CASE(a_faulty_101_is_refused, data::make(faults), fault) {
    const outcome seen = answered_by(fault.instead_of, fault.put);
    BOOST_TEST((seen.ec == error::bad_upgrade_response), seen.what << seen.end);
    BOOST_TEST((seen.ec == condition::handshake_failed));
}

const std::vector<change> odd{
    {"no change", "Upgrade", "Upgrade"},
    {"another case", "Upgrade: websocket", "UPGRADE: WebSocket"},
    {"several Connection tokens", "Connection: Upgrade", "Connection: keep-alive, upgrade"},
    {"two Connection fields", "Connection: Upgrade", "Connection: x\r\nConnection: UPGRADE"},
    {"another reason", "Switching Protocols", "Go on"},
    {"no reason", "Switching Protocols", ""},
    {"spaces around", "websocket", "   websocket \t "},
    {"other fields", "Upgrade:", "Server: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nUpgrade:"},
    {"a folded line", "Connection: Upgrade", "Connection: keep-alive,\r\n \t Upgrade"},
    {"a length, which says nothing", "Upgrade:", "Content-Length: 5\r\nUpgrade:"},
};

BOOST_DATA_TEST_CASE(an_odd_but_sound_101_is_taken, data::make(odd), change) {
    const outcome seen = answered_by(change.instead_of, change.put);
    BOOST_TEST(seen.end == "1000 peer clean", seen.what);
}

// ---- 1xx

BOOST_DATA_TEST_CASE(informational_answers_come_first, data::make({how::whole, how::octets}),
                     sent) {
    const outcome seen = answered(
        [](const std::string& request) {
            return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
                   test::upgrade_answer(request) + test::server_frame(1, "first") +
                   test::server_close(1000);
        },
        {}, sent);
    BOOST_TEST(seen.received == "first|", seen.what);
    BOOST_TEST(seen.end == "1000 peer clean");
}

BOOST_AUTO_TEST_CASE(they_do_not_come_for_ever) {
    std::string many;
    for (int i = 0; i < 100; ++i) {
        many += "HTTP/1.1 102 Processing\r\n\r\n";
    }
    BOOST_TEST((answered_with(many).ec == error::upgrade_declined));
}

BOOST_AUTO_TEST_CASE(an_informational_answer_is_not_the_answer) {
    raw_server server([](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n");
        static_cast<void>(peer.finish());
    });
    const outcome seen = test::visit(server.url());
    BOOST_TEST((seen.ec == error::bad_upgrade_response), seen.what);
    BOOST_TEST(seen.response.status() == 0U);
}

// ---- limits

BOOST_AUTO_TEST_CASE(heads_are_limited) {
    client_options options;
    options.connection.max_header_bytes = 2000;
    options.connection.max_header_line = 500;
    options.connection.max_header_fields = 10;
    const auto with = [&options](const std::string& extra) {
        return answered_by("Upgrade:", extra + "Upgrade:", options);
    };
    const auto fields = [](int count, std::size_t size) {
        std::string text;
        for (int i = 0; i < count; ++i) {
            text += "X: " + std::string(size, 'x') + "\r\n";
        }
        return text;
    };
    BOOST_TEST(with(fields(7, 10)).end == "1000 peer clean");
    BOOST_TEST((with(fields(8, 10)).ec == error::header_too_large));
    BOOST_TEST(with(fields(1, 497)).end == "1000 peer clean");
    BOOST_TEST((with(fields(1, 498)).ec == error::header_too_large));
    BOOST_TEST((with(fields(5, 490)).ec == error::header_too_large));
    BOOST_TEST((with(fields(5, 490)).ec == condition::limit_exceeded));
}

BOOST_AUTO_TEST_CASE(a_head_without_an_end_is_given_up) {
    client_options options;
    options.connection.handshake_timeout = std::chrono::hours(1);
    BOOST_TEST((answered_with("HTTP/1.1 101 " + std::string(100'000, 'x'), options).ec ==
                error::header_too_large));
}

// ---- frames

BOOST_DATA_TEST_CASE(frames_behind_the_head_are_received, data::make({how::whole, how::octets}),
                     sent) {
    const outcome seen = answered(
        [](const std::string& request) {
            return test::upgrade_answer(request) + test::server_frame(1, "one") +
                   test::server_frame(1, "tw", false) + test::server_frame(9, "ping") +
                   test::server_frame(0, "o") + test::server_frame(2, std::string(300, '3')) +
                   test::server_close(4000, "bye");
        },
        {}, sent);
    BOOST_TEST(seen.received == "one|two|" + std::string(300, '3') + "|");
    BOOST_TEST(seen.end == "4000 bye peer clean");
}

BOOST_AUTO_TEST_CASE(many_frames_behind_the_head_are_received) {
    const outcome seen = answered([](const std::string& request) {
        std::string text = test::upgrade_answer(request);
        for (int i = 0; i < 2000; ++i) {
            text += test::server_frame(1, std::string(50, 'x'));
        }
        return text + test::server_close(1000);
    });
    BOOST_TEST(seen.received.size() == 2000U * 51);
    BOOST_TEST(seen.end == "1000 peer clean");
}

// ---- compression

struct deflate_case {
    const char* answer;
    const char* agreed;  // null: refused
};

std::ostream& operator<<(std::ostream& out, const deflate_case& c) { return out << c.answer; }

const std::vector<deflate_case> deflate_cases{
    {"permessage-deflate", "permessage-deflate"},
    {"permessage-deflate; client_max_window_bits=10",
     "permessage-deflate; client_max_window_bits=10"},
    {"permessage-deflate; server_max_window_bits=9; client_no_context_takeover",
     "permessage-deflate; server_max_window_bits=9; client_no_context_takeover"},
    {"permessage-deflate; client_max_window_bits=\"10\"",
     "permessage-deflate; client_max_window_bits=\"10\""},
    {"permessage-deflate; client_max_window_bits", nullptr},
    {"permessage-deflate; client_max_window_bits=7", nullptr},
    {"permessage-deflate; client_max_window_bits=16", nullptr},
    {"permessage-deflate; client_max_window_bits=010", nullptr},
    {"permessage-deflate; server_max_window_bits", nullptr},
    {"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", nullptr},
    {"permessage-deflate; server_no_context_takeover=1", nullptr},
    {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", nullptr},
    {"permessage-deflate; unknown", nullptr},
    {"permessage-deflate, permessage-deflate", nullptr},
    {"permessage-deflate, x-other", nullptr},
    {"x-webkit-deflate-frame", nullptr},
    {"permessage-deflate;", nullptr},
};

BOOST_DATA_TEST_CASE(answers_to_an_offer, data::make(deflate_cases), one) {
    client_options options;
    options.connection.deflate.enabled = true;
    const std::string field = std::string("Sec-WebSocket-Extensions: ") + one.answer + "\r\n";
    const outcome seen = answered_by("Upgrade:", field + "Upgrade:", options);
    if (one.agreed == nullptr) {
        BOOST_TEST((seen.ec == error::bad_upgrade_response), seen.end);
    } else {
        BOOST_TEST(seen.extensions == one.agreed, seen.what);
        BOOST_TEST(seen.end == "1000 peer clean");
    }
}

BOOST_AUTO_TEST_CASE(an_offer_without_the_windows_parameter_is_kept_to) {
    client_options options;
    options.connection.deflate.enabled = true;
    options.connection.deflate.server_no_context_takeover = true;
    options.connection.deflate.server_max_window_bits = 10;
    const auto with = [&options](const std::string& answer) {
        return answered_by(
            "Upgrade:", "Sec-WebSocket-Extensions: permessage-deflate" + answer + "\r\nUpgrade:",
            options);
    };
    const error_code refused = error::bad_upgrade_response;
    BOOST_TEST(with("").ec == refused);
    BOOST_TEST(with("; server_no_context_takeover").ec == refused);
    BOOST_TEST(with("; server_max_window_bits=10").ec == refused);
    BOOST_TEST(with("; server_no_context_takeover; server_max_window_bits=11").ec == refused);
    BOOST_TEST(with("; server_no_context_takeover; server_max_window_bits=9").end ==
               "1000 peer clean");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
