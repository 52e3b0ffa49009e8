// A session over a stream in memory: an error, or a spurious would_block, at every single step.
// Whatever goes wrong, the session ends, exactly once, and nothing is left (ASan sees to that).
#include <boost/test/unit_test.hpp>
#include <string>

#include "support/bytes.hpp"
#include "support/session_run.hpp"

namespace websock::net {
namespace {

using test::abandon_session;
using test::make_session;
using test::observations;
using test::run_session;
using test::stream_script;

const std::string upgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// Masked with zeroes.
std::string frame(unsigned char first, const std::string& payload) {
    std::string out{static_cast<char>(first), static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
    return out + payload;
}

class test_app final : public application {
public:
    test_app(observations& seen, delivery how) : seen_(seen), how_(how) {}
    resource find(std::string_view path) const override {
        return {.what = path == "/ws" ? resource::kind::websocket : resource::kind::none,
                .subprotocols = {}};
    }
    std::unique_ptr<consumer> make_consumer(const resource&) const override {
        return test::make_echo(seen_, how_);
    }

private:
    observations& seen_;
    delivery how_;
};

session_config config_for(observations& seen, delivery how,
                          const connection_options& options = {}) {
    return {options, std::make_shared<const test_app>(seen, how), {}};
}

observations run(stream_script& script, delivery how, const connection_options& options = {}) {
    observations seen;
    boost::asio::io_context context(1);
    run_session(
        context,
        make_session(context, script, seen, config_for(seen, how, options), admission::welcome),
        seen);
    return seen;
}

struct scenario {
    const char* name;
    std::vector<std::string> input;
    std::string frames_out;  // after the response
};

const std::vector<scenario> scenarios{
    {"echo and close",
     {upgrade, frame(0x81, "Hello"), frame(0x89, "p") + frame(0x82, "two"),
      frame(0x88, "\x03\xe8")},
     std::string("\x81\x05Hello\x8a\x01p\x82\x03two\x88\x02\x03\xe8")},
    {"all at once",
     {upgrade + frame(0x81, "Hello") + frame(0x81, "more") + frame(0x88, "\x03\xe8")},
     std::string("\x81\x05Hello\x81\x04more\x88\x02\x03\xe8")},
    {"half-closed without a Close", {upgrade, frame(0x81, "Hello")}, "\x81\x05Hello"},
    {"refused", {"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"}, ""},
    {"half a head", {upgrade.substr(0, 30)}, ""},
    {"violation",
     {upgrade, frame(0x81, "Hello") + frame(0x83, "")},
     std::string("\x81\x05Hello\x88\x11\x03\xea"
                 "reserved opcode")},
};

stream_script script_for(const scenario& which) {
    stream_script script;
    for (const std::string& portion : which.input) {
        script.input.push_back(test::text_bytes(portion));
    }
    return script;
}

std::string frames_of(const stream_script& script) {
    const std::string out = test::to_text(script.output);
    const auto head_end = out.find("\r\n\r\n");
    return out.starts_with("HTTP/1.1 101") && head_end != std::string::npos
               ? out.substr(head_end + 4)
               : std::string();
}

BOOST_AUTO_TEST_SUITE(session_steps)

// [6455-5.5.1-6, 6455-6.1-8]
BOOST_AUTO_TEST_CASE(scenarios_without_a_fault) {
    for (const delivery how : {delivery::direct, delivery::inbox}) {
        for (const scenario& each : scenarios) {
            BOOST_TEST_CONTEXT(each.name) {
                stream_script script = script_for(each);
                const observations seen = run(script, how);
                BOOST_TEST(seen.ended == 1);
                BOOST_TEST(seen.opened == seen.closed);
                BOOST_TEST(script.shut_down);
                BOOST_TEST(script.closed);
                if (std::string(each.name) == "violation") {
                    BOOST_TEST(frames_of(script).starts_with("\x81\x05Hello\x88"));
                } else {
                    BOOST_TEST(frames_of(script) == each.frames_out);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_at_every_step_ends_the_session_once) {
    for (const delivery how : {delivery::direct, delivery::inbox}) {
        for (const scenario& each : scenarios) {
            stream_script flawless = script_for(each);
            run(flawless, how);
            BOOST_REQUIRE(flawless.steps > 3);
            for (int step = 0; step < flawless.steps; ++step) {
                BOOST_TEST_CONTEXT(each.name << ", step " << step) {
                    stream_script script = script_for(each);
                    script.fault_at = step;
                    script.fault = boost::asio::error::connection_reset;
                    const observations seen = run(script, how);
                    BOOST_TEST(seen.ended == 1);
                    BOOST_TEST(seen.opened == seen.closed);
                    BOOST_TEST(script.closed);
                    // Nothing is written out of order: it is a beginning of the flawless output.
                    if (std::string(each.name) != "violation") {
                        BOOST_TEST(each.frames_out.starts_with(frames_of(script)));
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_spurious_would_block_at_any_step_changes_nothing) {
    for (const delivery how : {delivery::direct, delivery::inbox}) {
        for (const scenario& each : scenarios) {
            stream_script flawless = script_for(each);
            run(flawless, how);
            for (int step = 1; step < flawless.steps; ++step) {  // 0 is the handshake
                BOOST_TEST_CONTEXT(each.name << ", step " << step) {
                    stream_script script = script_for(each);
                    script.fault_at = step;
                    script.fault = boost::asio::error::would_block;
                    const observations seen = run(script, how);
                    BOOST_TEST(seen.ended == 1);
                    BOOST_TEST(script.shut_down);
                    BOOST_TEST(frames_of(script) == frames_of(flawless));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(octets_in_and_octets_out) {
    for (const delivery how : {delivery::direct, delivery::inbox}) {
        for (const scenario& each : scenarios) {
            stream_script whole = script_for(each);
            run(whole, how);
            stream_script octets;
            octets.write_size = 1;
            for (const std::string& portion : each.input) {
                for (const char c : portion) {
                    octets.input.push_back(test::text_bytes(std::string(1, c)));
                }
            }
            const observations seen = run(octets, how);
            BOOST_TEST(seen.ended == 1);
            BOOST_TEST(frames_of(octets) == frames_of(whole));
        }
    }
}

BOOST_AUTO_TEST_CASE(small_marks_stop_and_resume_reading) {
    connection_options options;
    options.inbox_high_water = 1;
    options.outbox_high_water = 1;
    for (const delivery how : {delivery::direct, delivery::inbox}) {
        stream_script script;
        std::string input = upgrade;
        std::string expected;
        for (int i = 0; i < 100; ++i) {
            input += frame(0x82, std::string(100, static_cast<char>('a' + i % 26)));
            expected += std::string("\x82\x64") + std::string(100, static_cast<char>('a' + i % 26));
        }
        script.input.push_back(test::text_bytes(input + frame(0x88, "\x03\xe8")));
        script.write_size = 7;
        const observations seen = run(script, how, options);
        BOOST_TEST(seen.info.clean);
        BOOST_TEST(frames_of(script) == expected + "\x88\x02\x03\xe8");
    }
}

BOOST_AUTO_TEST_CASE(a_context_that_dies_with_live_sessions_leaves_nothing) {
    for (int handlers_run = 0; handlers_run < 12; ++handlers_run) {
        for (const delivery how : {delivery::direct, delivery::inbox}) {
            observations seen;
            stream_script script = script_for(scenarios[0]);
            auto context = std::make_unique<boost::asio::io_context>(1);
            auto started =
                make_session(*context, script, seen, config_for(seen, how), admission::welcome);
            abandon_session(std::move(context), std::move(started), seen, handlers_run);
            BOOST_TEST(seen.released);
            BOOST_TEST(seen.ended <= 1);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
