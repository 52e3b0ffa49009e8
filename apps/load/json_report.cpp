#include "json_report.hpp"

#include <array>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace load_app {
namespace {

std::string quoted(std::string_view text) {
    std::ostringstream out;
    out << '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out << '\\' << c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out << "\\u" << std::hex << std::setw(4) << std::setfill('0')
                << static_cast<unsigned>(static_cast<unsigned char>(c)) << std::dec;
        } else {
            out << c;
        }
    }
    out << '"';
    return out.str();
}

// An object's text, member by member.
class object {
public:
    object& raw(std::string_view key, std::string_view value) {
        text_.append(text_.empty() ? "" : ", ").append(quoted(key)).append(": ").append(value);
        return *this;
    }
    object& text(std::string_view key, std::string_view value) { return raw(key, quoted(value)); }
    object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    object& whole(std::string_view key, std::uint64_t value) {
        return raw(key, std::to_string(value));
    }
    object& real(std::string_view key, double value) {
        std::ostringstream out;
        out << std::fixed << std::setprecision(3) << value;
        return raw(key, out.str());
    }
    object& real(std::string_view key, std::optional<double> value) {
        return value ? real(key, *value) : raw(key, "null");
    }
    [[nodiscard]] std::string end() const { return "{" + text_ + "}"; }

private:
    std::string text_;
};

double to_us(histogram::duration time) { return static_cast<double>(time.count()) / 1000; }

std::string times(const histogram& of) {
    object result;
    result.real("mean", to_us(of.mean()));
    constexpr std::array quantiles{std::pair{"p50", 0.5}, std::pair{"p90", 0.9},
                                   std::pair{"p99", 0.99}, std::pair{"p999", 0.999}};
    for (const auto& [name, share] : quantiles) {
        result.real(name, to_us(of.quantile(share)));
    }
    return result.real("max", to_us(of.max())).end();
}

std::string errors(const tally& counted) {
    object result;
    for (const auto& [kind, entry] : counted.errors) {
        result.whole(kind, entry.count);
    }
    return result.end();
}

std::string server(int pid, const server_figures& shown) {
    return object()
        .whole("pid", static_cast<std::uint64_t>(pid))
        .real("cpu_us_per_message", shown.cpu_us_per_message)
        .real("user_us_per_message", shown.user_us_per_message)
        .real("system_us_per_message", shown.system_us_per_message)
        .whole("rss_before_bytes", shown.rss_before)
        .whole("rss_bytes", shown.rss)
        .real("rss_bytes_per_connection", shown.rss_per_connection)
        .end();
}

}  // namespace

void write_json(std::ostream& out, const settings& chosen, const figures& shown) {
    object result;
    result.whole("version", 1)
        .text("mode", to_text(chosen.mode))
        .text("url", chosen.server.shown)
        .whole("connections", chosen.connections)
        .whole("threads", chosen.threads)
        .whole("size", chosen.size)
        .whole("depth", chosen.depth)
        .text("payload", to_text(chosen.payload))
        .flag("deflate", chosen.deflate)
        .real("rate", chosen.rate)
        .real("duration_s", shown.seconds)
        .flag("interrupted", shown.interrupted)
        .whole("messages", shown.messages())
        .real("messages_per_s", shown.messages_per_s())
        .real("bytes_per_s", chosen.mode == run_mode::handshake
                                 ? 0
                                 : shown.messages_per_s() * static_cast<double>(chosen.size))
        .raw("latency_us", times(shown.counted.latency));
    if (chosen.mode == run_mode::fanout) {
        result.whole("published", shown.counted.published);
    }
    const histogram& handshakes = shown.handshakes(chosen.mode);
    result.whole("handshakes", handshakes.count())
        .raw("handshake_us", times(handshakes))
        .raw("errors", errors(shown.counted))
        .raw("server", shown.server ? server(chosen.pid, *shown.server) : "null")
        .raw("load", object().real("cpu_us_per_message", shown.own_cpu_us_per_message).end());
    out << result.end() << '\n';
}

}  // namespace load_app
