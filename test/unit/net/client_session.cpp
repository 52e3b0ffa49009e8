// The client's side of a session over a stream in memory: an error, an end of input, or a spurious
// would_block, at every single step; input that comes by readiness, or that waits in the stream.
// Whatever goes wrong, it ends, exactly once, and nothing is left (ASan sees to the rest).
#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/bytes.hpp"
#include "support/client_scenarios.hpp"
#include "support/close_text.hpp"
#include "support/session_run.hpp"
#include "support/waiting.hpp"

namespace websock::net {
namespace {

using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using test::arrival;
using test::close_1000;
using test::frame;
using test::memory_session;
using test::observations;
using test::scenario_of;
using test::scenarios;
using test::stream_script;
using test::unmasked;
using test::upgraded;
using scenario = test::client_scenario;

struct variant {
    delivery how;
    arrival arrives;
};

std::ostream& operator<<(std::ostream& out, const variant& v) {
    constexpr std::array arrivals{"by readiness", "buffered", "buffered with its end"};
    return out << (v.how == delivery::direct ? "direct, " : "inbox, ")
               << arrivals.at(static_cast<std::size_t>(v.arrives));
}

const std::vector<variant> variants{
    {delivery::direct, arrival::by_readiness},      {delivery::inbox, arrival::by_readiness},
    {delivery::direct, arrival::buffered},          {delivery::inbox, arrival::buffered},
    {delivery::direct, arrival::buffered_with_end}, {delivery::inbox, arrival::buffered_with_end},
};

/// No deadline may be what ends it.
connection_options patient() {
    connection_options options;
    options.close_timeout = 1h;
    options.idle_timeout = 0ms;
    options.ping_interval = 0ms;
    options.write_timeout = 0ms;
    return options;
}

struct client_run {
    client_run(const scenario& which, variant v) : what(which), how(v.how) {
        script.how = v.arrives;
        for (const std::string& portion : which.input) {
            script.input.push_back(test::text_bytes(portion));
        }
        if (which.is_answered()) {
            script.last_may_come = [this] { return test::has_close(frames()); };
        }
        options.deflate.enabled = std::string_view(which.name).starts_with("compressed");
    }

    client_run(const client_run&) = delete;
    client_run& operator=(const client_run&) = delete;

    std::shared_ptr<memory_session> make(boost::asio::io_context& context) {
        auto opening = std::make_unique<client_opening>();
        opening->wish = {.host = "a",
                         .target = "/ws",
                         .key = test::example_key,
                         .subprotocols = {},
                         .deflate = &options.deflate};
        opening->request_text = request_text = protocol::upgrade_request(opening->wish, {});
        opening->head = request("GET", "/ws", 11);
        opening->use = test::make_echo(seen, how, what.plan);
        opening->answer = answer;
        opening->deadline = deadline;
        return test::make_session(context, script, seen, {options, nullptr, {}},
                                  std::move(opening));
    }

    void run() {
        boost::asio::io_context context(1);
        test::run_session(context, make(context), seen);
    }

    /// The client's frames; empty if not all of its request is there.
    [[nodiscard]] std::string frames() const {
        const std::string out = test::to_text(script.output);
        return out.starts_with(request_text) ? unmasked(out.substr(request_text.size()))
                                             : std::string();
    }

    [[nodiscard]] std::string end() const {
        if (seen.opened > 0) {
            return test::to_text(seen.end);
        }
        return "refused " + std::to_string(answer->status());
    }

    /// What holds however it ends.
    void check_one_end() const {
        const std::string out = test::to_text(script.output);
        BOOST_TEST((out.starts_with(request_text) || request_text.starts_with(out)));
        BOOST_TEST(seen.ended == 1);
        BOOST_TEST(seen.opened <= 1);
        BOOST_TEST(seen.closed == seen.opened);
        BOOST_TEST(seen.closes_done == seen.closes_begun);
        BOOST_TEST(seen.consumers == 0);
        BOOST_TEST(seen.released);
        BOOST_TEST(script.closed);
        // RFC 6455 §7.1.1: a client "SHOULD wait for a TCP Close from the server". (If there is not
        // even an answer, or a Close, there is nothing to wait for.)
        const bool cut =
            seen.end.ec == error::handshake_timeout || seen.end.ec == error::close_timeout;
        BOOST_TEST((!script.shut_down_before_input || cut));
        if (seen.opened > 0) {
            BOOST_TEST(test::to_text(seen.info) == test::to_text(seen.end));
        } else {
            BOOST_TEST(seen.end.ec.failed());
            BOOST_TEST(frames().empty());
            BOOST_TEST((!script.shut_down || cut));
        }
    }

    /// What holds if nothing has gone wrong.
    void check_as_planned() const {
        check_one_end();
        BOOST_TEST(seen.opened == (what.opens() ? 1 : 0));
        if (std::string_view(what.name) == "a violation") {  // its Close tells what was wrong
            BOOST_TEST(frames().starts_with("\x81\x05Hello\x88"));
            BOOST_TEST(frames().find("\x03\xea") != std::string::npos);
        } else if (script.fault) {  // DESIGN §3.3: a pong may overtake what the stream refuses
            BOOST_TEST(test::pongs_first(frames()) == test::pongs_first(what.frames_out));
        } else {
            BOOST_TEST(frames() == what.frames_out);
        }
        BOOST_TEST(end().starts_with(what.end), end());
        BOOST_TEST(script.shut_down == what.opens());
        BOOST_TEST((script.input.empty() || !what.opens()));
    }

    scenario what;
    delivery how;
    connection_options options = patient();
    time_point deadline = time_point::max();
    std::shared_ptr<http_response> answer = std::make_shared<http_response>();
    std::string request_text;
    stream_script script;
    observations seen;
};

BOOST_AUTO_TEST_SUITE(client_session)

// ---- steps

// [6455-4.1-1, 6455-4.1-14, 6455-7.2.1-1]
BOOST_DATA_TEST_CASE(scenarios_without_a_fault, data::make(variants), v) {
    for (const scenario& each : scenarios()) {
        BOOST_TEST_CONTEXT(each.name) {
            client_run client(each, v);
            client.run();
            client.check_as_planned();
        }
    }
}

// [6455-7.2.1-2]
BOOST_DATA_TEST_CASE(a_fault_at_every_step_ends_it_once, data::make(variants), v) {
    for (const error_code fault :
         {error_code(boost::asio::error::connection_reset), error_code(boost::asio::error::eof)}) {
        for (const scenario& each : scenarios()) {
            client_run flawless(each, v);
            flawless.run();
            BOOST_REQUIRE(flawless.script.steps > 3);
            for (int step = 0; step < flawless.script.steps; ++step) {
                BOOST_TEST_CONTEXT(each.name << ", step " << step << ": " << fault.message()) {
                    client_run client(each, v);
                    client.script.fault_at = step;
                    client.script.fault = fault;
                    client.run();
                    client.check_one_end();
                    // Nothing is written out of order: it is a beginning of the flawless output.
                    BOOST_TEST(flawless.frames().starts_with(client.frames()));
                }
            }
        }
    }
}

BOOST_DATA_TEST_CASE(a_spurious_would_block_at_any_step_changes_nothing, data::make(variants), v) {
    for (const scenario& each : scenarios()) {
        client_run flawless(each, v);
        flawless.run();
        for (int step = 1; step < flawless.script.steps; ++step) {  // 0 is the handshake
            BOOST_TEST_CONTEXT(each.name << ", step " << step) {
                client_run client(each, v);
                client.script.fault_at = step;
                client.script.fault = boost::asio::error::would_block;
                client.run();
                client.check_as_planned();
            }
        }
    }
}

BOOST_DATA_TEST_CASE(octets_in_and_octets_out, data::make(variants), v) {
    for (const scenario& each : scenarios()) {
        BOOST_TEST_CONTEXT(each.name) {
            scenario octets = each;
            octets.input.clear();
            for (const std::string& portion : each.input) {
                for (const char c : portion) {
                    octets.input.emplace_back(1, c);
                }
            }
            client_run client(octets, v);
            client.script.write_size = 1;
            client.run();
            client.check_as_planned();
        }
    }
}

BOOST_DATA_TEST_CASE(small_marks_stop_and_resume_reading, data::make(variants), v) {
    scenario many = scenario_of("all at once");
    many.input = {upgraded};
    many.frames_out.clear();
    for (int i = 0; i < 100; ++i) {
        const std::string next = frame(0x82, std::string(100, static_cast<char>('a' + i % 26)));
        many.input.push_back(next);
        many.frames_out += next;
    }
    many.input.push_back(close_1000);
    many.frames_out += close_1000;
    client_run client(many, v);
    client.options.inbox_high_water = 1;
    client.options.outbox_high_water = 1;
    client.script.write_size = 7;
    client.run();
    client.check_as_planned();
}

// ---- waiting for the server

// Nothing but the request may leave, though there is a greeting and it is time for a ping.
// [6455-4.1-32]
BOOST_DATA_TEST_CASE(nothing_is_sent_before_the_answer,
                     data::make(variants) * data::xrange<std::size_t>(0, 3), v, portions) {
    const std::vector<std::string> parts{"HTTP/1.1 100 Continue\r\n\r\n", upgraded.substr(0, 100)};
    scenario silent = scenario_of("the client closes at once");
    silent.input.assign(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(portions));
    client_run client(silent, v);
    client.options.ping_interval = 1ms;
    client.script.ends = false;
    client.deadline = std::chrono::steady_clock::now() + 20ms;
    client.run();
    client.check_one_end();
    BOOST_TEST(test::to_text(client.script.output) == client.request_text);
    BOOST_TEST((client.seen.end.ec == error::handshake_timeout));
}

BOOST_DATA_TEST_CASE(a_server_that_never_ends_tcp_is_left_after_close_timeout,
                     data::make(variants) * data::make({"messages, and the server closes",
                                                        "the client closes after a message",
                                                        "more behind the Close", "a violation"}),
                     v, name) {
    client_run client(scenario_of(name), v);
    client.options.close_timeout = 20ms;
    client.script.ends = false;
    client.run();
    client.check_one_end();
    BOOST_TEST(!client.script.input_ended);
    BOOST_TEST(client.script.input.empty());
    BOOST_TEST(client.frames().starts_with(client.what.frames_out.substr(0, 8)));
    BOOST_TEST(client.end().starts_with(client.what.end), client.end());
}

BOOST_DATA_TEST_CASE(a_server_that_never_answers_a_close_is_left, data::make(variants), v) {
    client_run client(scenario_of("no answer to the client's Close"), v);
    client.options.close_timeout = 20ms;
    client.script.ends = false;
    client.run();
    client.check_one_end();
    BOOST_TEST(client.frames() == client.what.frames_out);
    BOOST_TEST((client.seen.end.ec == error::close_timeout));
    BOOST_TEST(client.script.shut_down_before_input);
}

// The end of TCP is not waited for while there is more to be had without waiting.
BOOST_DATA_TEST_CASE(much_behind_the_close_is_read_before_we_end_tcp, data::make(variants), v) {
    scenario much = scenario_of("more behind the Close");
    much.input.insert(much.input.end(), 100, std::string(1000, 'x'));
    client_run client(much, v);
    client.run();
    client.check_as_planned();
}

// ---- at any moment

using interference = void (*)(driver&);

BOOST_DATA_TEST_CASE(whatever_comes_at_any_moment_it_ends_once,
                     data::make(variants) * data::xrange(3), v, which) {
    constexpr std::array<interference, 3> all{
        [](driver& d) { d.abort(error::shut_down); },
        [](driver& d) { d.request_close(close_reason(4001)); },
        [](driver& d) { d.request_drain(close_reason(4001)); },
    };
    for (const char* name : {"messages, and the server closes", "compressed",
                             "the client closes after a message", "refused", "no Close"}) {
        bool over = false;
        for (int handlers_run = 0; !over; ++handlers_run) {
            BOOST_TEST_CONTEXT(name << " " << handlers_run) {
                client_run client(scenario_of(name), v);
                boost::asio::io_context context(1);
                auto running = client.make(context);
                boost::asio::post(context, [running] { running->start(); });
                for (int i = 0; i < handlers_run && !over; ++i) {
                    over = context.poll_one() == 0;
                }
                context.restart();
                all.at(static_cast<std::size_t>(which))(*running);
                const std::weak_ptr<memory_session> alive = running;
                running.reset();
                context.run_for(test::patience);
                BOOST_REQUIRE(context.stopped());
                client.seen.released = alive.expired();
                client.check_one_end();
            }
        }
    }
}

BOOST_DATA_TEST_CASE(a_context_that_dies_with_live_sessions_leaves_nothing, data::make(variants),
                     v) {
    for (const scenario& each : scenarios()) {
        for (int handlers_run = 0; handlers_run < 20; ++handlers_run) {
            BOOST_TEST_CONTEXT(each.name << " " << handlers_run) {
                client_run client(each, v);
                client.script.ends = handlers_run % 2 == 0;
                auto context = std::make_unique<boost::asio::io_context>(1);
                auto started = client.make(*context);
                test::abandon_session(std::move(context), std::move(started), client.seen,
                                      handlers_run);
                BOOST_TEST(client.seen.ended <= 1);
                BOOST_TEST(client.seen.consumers == 0);
                BOOST_TEST(client.seen.released);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
