#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

namespace load_app {
namespace {

constexpr int bad_usage = 2;
constexpr std::size_t most_connections = 1'000'000;
constexpr std::size_t most_threads = 1024;
constexpr std::size_t largest_message = 64 * 1024 * 1024;
constexpr std::size_t deepest = 10'000;
constexpr double slowest = 0.01;
constexpr double fastest = 1e7;
constexpr double longest = 7 * 24 * 3600.0;

constexpr std::array modes{
    std::pair{"echo", run_mode::echo}, std::pair{"handshake", run_mode::handshake},
    std::pair{"fanout", run_mode::fanout}, std::pair{"idle", run_mode::idle}};
constexpr std::array payloads{
    std::pair{"binary", payload_kind::binary}, std::pair{"ascii", payload_kind::ascii},
    std::pair{"multibyte", payload_kind::multibyte}, std::pair{"json", payload_kind::json}};

constexpr const char* description =
    "Loads a WebSocket server, checks all that it answers, and measures how long it takes.";

constexpr const char* more_help = R"(
Modes:
  echo       every message has to come back as it was: the rate, and the time there and back
  handshake  opens connections and closes them with 1000, over and over: the rate, and the time to open
  fanout     one more connection publishes; every other one must get each message: deliveries and their time
  idle       opens connections and holds them: with --pid, the server's memory for each

Closed loop (default): a reply lets the next message out, so --connections x --depth are under way.
Open loop (--rate): messages leave on schedule, however late replies are, and their time counts from
the schedule: a server that stalls cannot hide it (no "coordinated omission").
tcp:// and tls:// speak no WebSocket: blocks of --size + 6 bytes, to a server that sends back every byte.

All connections are open before the first message. What is sent during --warmup is not counted; what is
sent until the end is waited for. The kind and length of each reply are checked, and the content of the
first 16 of each connection and of every 64th (--verify-every).

Exit code: 0 all well; 1 there were errors (each kind is counted), or the figures could not be written;
2 bad usage.

Examples:
  websock-load ws://127.0.0.1:8888/ws                         100 connections, 20 bytes, as fast as it goes
  websock-load -c 100 --depth 16 --pid $(pidof websock-echo) ws://127.0.0.1:8888/ws
  websock-load -c 100 --rate 20000 --duration 30 --json out.json ws://127.0.0.1:8888/ws
  websock-load --mode idle -c 10000 --ramp 2000 --pid 4711 ws://127.0.0.1:8888/ws
  websock-load --mode handshake --insecure -c 8 wss://127.0.0.1:8889/wss
  websock-load --mode fanout -c 500 --publish-url ws://127.0.0.1:9000/pub ws://127.0.0.1:9000/sub)";

template <class Table>
std::vector<std::string> names(const Table& table) {
    std::vector<std::string> result;
    result.reserve(table.size());
    for (const auto& [name, value] : table) {
        result.emplace_back(name);
    }
    return result;
}

template <class Value, class Table>
Value find(const Table& table, std::string_view name) {
    return std::ranges::find_if(table, [name](const auto& each) { return each.first == name; })
        ->second;
}

template <class Value, class Table>
const char* name_of(const Table& table, Value value) noexcept {
    return std::ranges::find_if(table, [value](const auto& each) { return each.second == value; })
        ->first;
}

// CLI::Range lets it through: whatever it is compared with, the answer is no.
const CLI::Validator not_nan(
    [](std::string& input) {
        return std::isnan(std::strtod(input.c_str(), nullptr)) ? input + " is no number" : "";
    },
    "");

auto grouped(const char* name) {
    return [name](CLI::Option* option) { option->group(name); };
}

// The flags, each into the setting that it is for.
class flags {
public:
    flags(CLI::App& app, settings& chosen) : app_(app), chosen_(chosen) {}

    void add() {
        app_.add_option("URL", url_, "The server: ws://, wss://, tcp:// or tls://")->required();
        add_what();
        add_how_long();
        add_where();
        add_output();
    }

    // What only all flags together tell.
    void finish() {
        chosen_.server = read_url(url_);
        const bool publishes_elsewhere = app_.count("--publish-url") > 0;
        chosen_.publish = publishes_elsewhere ? read_url(publish_url_) : chosen_.server;
        chosen_.threads = std::min(chosen_.threads, chosen_.connections);
        if (chosen_.mode != run_mode::echo && chosen_.server.is_raw()) {
            refuse("tcp:// and tls:// are for --mode echo only");
        }
        if (chosen_.publish.is_raw() && chosen_.mode == run_mode::fanout) {
            refuse("--publish-url must be ws:// or wss://");
        }
        if (publishes_elsewhere && chosen_.mode != run_mode::fanout) {
            refuse("--publish-url is for --mode fanout only");
        }
        if (chosen_.rate > 0 &&
            (chosen_.mode == run_mode::handshake || chosen_.mode == run_mode::idle)) {
            refuse("--rate is for --mode echo and fanout only");
        }
        if (chosen_.ramp > 0 && chosen_.mode == run_mode::handshake) {
            refuse("--ramp is not for --mode handshake");
        }
        for (const double per_second : {chosen_.rate, chosen_.ramp}) {
            if (per_second > 0 && per_second < slowest) {
                refuse("--rate and --ramp must be 0, or 0.01 a second or more");
            }
        }
        if (app_.count("--json") > 0 && chosen_.json.empty()) {
            refuse("--json needs the name of a file, or -");
        }
        if (chosen_.deflate && chosen_.server.is_raw()) {
            refuse("--deflate needs ws:// or wss://");
        }
        if (chosen_.insecure) {
            chosen_.trust = websock::tls_trust::none();
        } else if (!chosen_.ca_file.empty()) {
            chosen_.trust = websock::tls_trust::ca_file(chosen_.ca_file);
        }
    }

private:
    [[noreturn]] static void refuse(const std::string& why) { throw CLI::ValidationError(why); }

    void add_what() {
        const auto add = grouped("Load");
        add(app_.add_option_function<std::string>(
                    "--mode",
                    [this](const std::string& name) { chosen_.mode = find<run_mode>(modes, name); },
                    "echo, handshake, fanout or idle: see below")
                ->check(CLI::IsMember(names(modes)))
                ->default_str("echo"));
        number(add, "-c,--connections", chosen_.connections, "Connections at once", std::size_t{1},
               most_connections);
        number(add, "-t,--threads", chosen_.threads, "Threads that the connections are spread over",
               std::size_t{1}, most_threads);
        number(add, "--size", chosen_.size, "Size of a message, in bytes", std::size_t{0},
               largest_message);
        number(add, "--depth", chosen_.depth,
               "Closed loop: messages under way on each connection (fanout: in all)",
               std::size_t{1}, deepest);
        add(app_.add_option_function<std::string>(
                    "--payload",
                    [this](const std::string& name) {
                        chosen_.payload = find<payload_kind>(payloads, name);
                    },
                    "binary: random bytes; or text: ascii, multibyte (1 to 4 bytes a character), "
                    "json")
                ->check(CLI::IsMember(names(payloads)))
                ->default_str("ascii"));
        add(app_.add_flag("--deflate", chosen_.deflate,
                          "Offer permessage-deflate, and insist on it"));
        number(add, "--rate", chosen_.rate,
               "Open loop: messages per second over all connections, at least 0.01; 0: closed loop",
               0.0, fastest);
        number(add, "--verify-every", chosen_.verify_every,
               "Check the content of every Nth reply; 0: of the first 16 only", std::uint64_t{0},
               std::uint64_t{1} << 32);
    }

    void add_how_long() {
        const auto add = grouped("Time");
        number(add, "--ramp", chosen_.ramp,
               "Open at most so many connections per second; 0: as fast as it goes, 64 under way",
               0.0, fastest);
        seconds(add, "--warmup", chosen_.warmup, "Time before measuring, in seconds", 0);
        seconds(add, "--duration", chosen_.duration, "Time to measure, in seconds", 0.01);
        number(add, "--count", chosen_.count,
               "End after so many messages, if --duration has not passed; 0: no limit",
               std::uint64_t{0}, std::uint64_t{1} << 60);
        add(app_.add_option_function<double>(
                    "--timeout",
                    [this](double s) {
                        chosen_.timeout = std::chrono::milliseconds(static_cast<int>(s * 1000));
                    },
                    "For a connection to open, a reply to come, a close: in seconds")
                ->check(CLI::Range(0.01, 3600.0))
                ->check(not_nan)
                ->default_str("10"));
    }

    void add_where() {
        const auto add = grouped("Server");
        add(app_.add_option("--publish-url", publish_url_,
                            "fanout: where the publisher connects; default: URL"));
        CLI::Option* const insecure = app_.add_flag("--insecure", chosen_.insecure,
                                                    "TLS: accept any certificate of the server");
        CLI::Option* const ca =
            app_.add_option("--ca", chosen_.ca_file,
                            "TLS: PEM file of the trusted certificates; default: the system's")
                ->check(CLI::ExistingFile);
        add(insecure->excludes(ca));
        add(ca);
        add(app_.add_option("--pid", chosen_.pid,
                            "Process of the server, on this machine: its CPU time per message and "
                            "its memory per connection")
                ->check(CLI::Range(1, 1 << 22)));
    }

    void add_output() {
        const auto add = grouped("Output");
        add(app_.add_option("--json", chosen_.json,
                            "Write the figures to this file, too; -: to standard output, and the "
                            "summary to standard error"));
        add(app_.add_flag("-q,--quiet", chosen_.quiet, "No progress, no summary; errors only"));
    }

    template <class Add, class Number>
    void number(const Add& add, const std::string& name, Number& value, const std::string& help,
                Number least, Number most) {
        add(app_.add_option(name, value, help)
                ->check(CLI::Range(least, most))
                ->check(not_nan)
                ->capture_default_str());
    }

    template <class Add>
    void seconds(const Add& add, const std::string& name, std::chrono::nanoseconds& value,
                 const std::string& help, double least) {
        add(app_.add_option_function<double>(
                    name,
                    [&value](double s) {
                        value = std::chrono::nanoseconds(static_cast<std::int64_t>(s * 1e9));
                    },
                    help)
                ->check(CLI::Range(least, longest))
                ->check(not_nan)
                ->default_str(std::to_string(value / std::chrono::seconds(1))));
    }

    CLI::App& app_;
    settings& chosen_;
    std::string url_;
    std::string publish_url_;
};

}  // namespace

const char* to_text(run_mode mode) noexcept { return name_of(modes, mode); }
const char* to_text(payload_kind kind) noexcept { return name_of(payloads, kind); }

std::optional<settings> read_settings(int argc, char** argv, int& exit_code) {
    settings result;
    CLI::App app(description);
    app.name("websock-load");
    app.footer(more_help);
    app.failure_message([](const CLI::App*, const CLI::Error& e) {
        return "websock-load: " + without_credentials(e.what()) + " (--help lists all flags)\n";
    });
    flags all(app, result);
    all.add();
    try {
        app.parse(argc, argv);
        all.finish();
    } catch (const CLI::ParseError& e) {
        exit_code = app.exit(e) == 0 ? 0 : bad_usage;
        return std::nullopt;
    } catch (const std::exception& e) {
        exit_code = app.exit(CLI::ValidationError(e.what())) == 0 ? 0 : bad_usage;
        return std::nullopt;
    }
    return result;
}

}  // namespace load_app
