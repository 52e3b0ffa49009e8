#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <limits>

namespace echo_app {
namespace {

// Timeouts are given in milliseconds.
class timeouts {
public:
    explicit timeouts(CLI::App& app) : app_(app) {}

    void add(const std::string& name, std::chrono::milliseconds& value, const std::string& help) {
        app_.add_option_function<std::int64_t>(
                name, [&value](std::int64_t ms) { value = std::chrono::milliseconds(ms); }, help)
            ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
            ->default_str(std::to_string(value.count()))
            ->group("Timeouts");
    }

private:
    CLI::App& app_;
};

void add_limits(CLI::App& app, websock::server_options& server) {
    websock::connection_options& each = server.connection;
    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    const auto add = [&app](const std::string& name, std::size_t& value, const std::string& help,
                            std::size_t least) {
        app.add_option(name, value, help)
            ->check(CLI::Range(least, most))
            ->capture_default_str()
            ->group("Limits");
    };
    add("--max-message-size", each.max_message_size, "Largest message, in bytes", 0);
    add("--max-fragments", each.max_fragments, "Most fragments in a message", 1);
    add("--max-header-bytes", each.max_header_bytes, "Largest request head, in bytes", 64);
    add("--max-header-fields", each.max_header_fields, "Most header fields", 1);
    add("--max-header-line", each.max_header_line, "Longest header line, in bytes", 16);
    add("--inbox-high-water", each.inbox_high_water,
        "Received bytes waiting for the handler above which reading stops", 0);
    add("--outbox-high-water", each.outbox_high_water, "Queued bytes above which sending waits", 0);
    add("--max-outbox-size", each.max_outbox_size,
        "Queued bytes beyond which sending without waiting is refused", 0);
    add("--max-connections", server.max_connections, "Most connections at once", 1);
}

void add_timeouts(timeouts& add, websock::server_options& server) {
    websock::connection_options& each = server.connection;
    add.add("--handshake-timeout", each.handshake_timeout,
            "From accept to 101, TLS included, in ms; 0: off");
    add.add("--ping-interval", each.ping_interval,
            "Silence after which the peer is sent a ping, in ms; 0: off");
    add.add("--idle-timeout", each.idle_timeout,
            "Silence after which the connection ends, in ms; 0: off");
    add.add("--close-timeout", each.close_timeout,
            "For the peer's part of the closing handshake, in ms; 0: off");
    add.add("--write-timeout", each.write_timeout,
            "For progress while the peer does not read, in ms; 0: off");
    add.add("--drain-timeout", server.drain_timeout,
            "For all connections to end after a signal, in ms; 0: they are cut at once");
}

void add_deflate(CLI::App& app, websock::deflate_options& deflate, timeouts& times) {
    const auto group = [](CLI::Option* option) { option->group("permessage-deflate"); };
    const auto add = [&](const std::string& name, int& value, const std::string& help, int least,
                         int most) {
        group(app.add_option(name, value, help)
                  ->check(CLI::Range(least, most))
                  ->capture_default_str());
    };
    group(app.add_flag("!--no-deflate", deflate.enabled, "Do not negotiate permessage-deflate"));
    add("--deflate-level", deflate.level, "Compression level", 1, 9);
    add("--deflate-memory-level", deflate.memory_level, "zlib's memory level", 1, 9);
    add("--server-max-window-bits", deflate.server_max_window_bits,
        "Largest window for what is sent", 9, 15);
    add("--client-max-window-bits", deflate.client_max_window_bits,
        "Largest window for what clients send, if they can be told", 8, 15);
    group(app.add_flag("--server-no-context-takeover", deflate.server_no_context_takeover,
                       "Compress each message by itself"));
    group(app.add_flag("--client-no-context-takeover", deflate.client_no_context_takeover,
                       "Clients compress each message by itself"));
    group(app.add_option("--deflate-threshold", deflate.threshold,
                         "Smaller messages are sent uncompressed, without context takeover")
              ->check(CLI::Range(std::size_t{0},
                                 std::size_t{std::numeric_limits<std::uint32_t>::max()}))
              ->capture_default_str());
    times.add("--deflate-release-after", deflate.release_after,
              "Idle time after which a connection gives its codecs back, in ms; 0: never");
}

}  // namespace

std::optional<settings> read_settings(int argc, char** argv, int& exit_code) {
    settings result;
    // An echo server is there to be tried with anything.
    result.server.connection.max_message_size = 16 * 1024 * 1024;
    result.server.connection.max_fragments = 131'072;
    result.server.connection.deflate.enabled = true;

    CLI::App app(
        "Echoes WebSocket messages, at ws://HOST:PORT/ws and wss://HOST:TLS_PORT/wss; "
        "a page to try it with is at http://HOST:PORT/");
    app.name("websock-echo");
    app.set_config("--config", "", "Read flags from this file (TOML: port = 8888)");
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.failure_message([](const CLI::App*, const CLI::Error& e) {
        return "websock-echo: " + std::string(e.what()) + " (--help lists all flags)\n";
    });
    app.add_option("--host", result.host, "Address to listen on")->capture_default_str();
    app.add_option("--port", result.port, "Port for ws; 0: none")->capture_default_str();
    app.add_option("--tls-port", result.tls_port, "Port for wss; 0: none")->capture_default_str();
    CLI::Option* const certificate = app.add_option(
        "--cert", result.certificate,
        "PEM file with the certificate and its chain; without one, a self-signed one is made");
    CLI::Option* const key = app.add_option("--key", result.key, "PEM file with the private key");
    certificate->needs(key);
    key->needs(certificate);
    app.add_option("--threads", result.server.threads, "Threads; 0: one per core")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--handler",
           [&result](const std::string& style) {
               result.handler =
                   style == "callback" ? handler_style::callback : handler_style::coroutine;
           },
           "Style of the echo handler: coroutine or callback")
        ->check(CLI::IsMember({"coroutine", "callback"}))
        ->default_str("coroutine");
    app.add_option("--log-level", result.log_level, "debug, info, warning, error or off")
        ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
        ->capture_default_str();
    add_limits(app, result.server);
    timeouts times(app);
    add_timeouts(times, result.server);
    add_deflate(app, result.server.connection.deflate, times);

    try {
        app.parse(argc, argv);
        if (result.port == 0 && result.tls_port == 0) {
            throw CLI::ValidationError("--port and --tls-port are both 0: nothing to listen on");
        }
    } catch (const CLI::ParseError& e) {
        exit_code = app.exit(e);
        return std::nullopt;
    }
    return result;
}

}  // namespace echo_app
