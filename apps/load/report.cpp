#include "report.hpp"

#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <utility>

namespace load_app {
namespace {

std::string fixed(double value, int digits) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << value;
    return out.str();
}

// Three or four digits that mean something.
std::string short_number(double value) {
    return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

// "1,234,567"
std::string grouped(double value) {
    std::string digits = fixed(value, 0);
    for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
        digits.insert(static_cast<std::size_t>(i), 1, ',');
    }
    return digits;
}

std::string to_text(histogram::duration time) {
    const auto ns = static_cast<double>(time.count());
    if (ns < 1e6) {
        return short_number(ns / 1e3) + " us";
    }
    return ns < 1e9 ? short_number(ns / 1e6) + " ms" : short_number(ns / 1e9) + " s";
}

std::string bytes_text(double bytes) {
    if (std::abs(bytes) < 1024) {
        return fixed(bytes, 0) + " B";
    }
    return std::abs(bytes) < 1024 * 1024 ? short_number(bytes / 1024) + " KiB"
                                         : short_number(bytes / 1024 / 1024) + " MiB";
}

void write_quantiles(std::ostream& out, const char* name, const histogram& of) {
    constexpr std::array quantiles{std::pair{"p50", 0.5}, std::pair{"p90", 0.9},
                                   std::pair{"p99", 0.99}, std::pair{"p99.9", 0.999}};
    out << std::left << std::setw(12) << name << "mean " << to_text(of.mean());
    for (const auto& [label, share] : quantiles) {
        out << "   " << label << ' ' << to_text(of.quantile(share));
    }
    out << "   max " << to_text(of.max()) << '\n';
}

// How many took at most 1, 2, 5, 10 … microseconds, and longer than the line before.
void write_bars(std::ostream& out, const histogram& of) {
    constexpr double width = 40;
    std::uint64_t before = 0;
    std::int64_t decade = 1000;
    for (int step = 0; before < of.count(); step = (step + 1) % 3) {
        constexpr std::array factors{1, 2, 5};
        const histogram::duration limit(decade * factors[static_cast<std::size_t>(step)]);
        const std::uint64_t now = of.count_to(limit);
        if (now > before) {
            const double share =
                static_cast<double>(now - before) / static_cast<double>(of.count());
            const auto bar = static_cast<std::size_t>(std::ceil(share * width));
            out << "  <= " << std::right << std::setw(7) << to_text(limit) << " |" << std::left
                << std::setw(static_cast<int>(width)) << std::string(bar, '#') << "| " << std::right
                << std::setw(8) << fixed(share * 100, 3) << " %\n";
        }
        before = now;
        decade *= step == 2 ? 10 : 1;
    }
}

void write_server(std::ostream& out, const settings& chosen, const server_figures& shown) {
    out << "server      ";
    if (chosen.mode != run_mode::idle && shown.cpu_us_per_message) {
        const bool handshakes = chosen.mode == run_mode::handshake;
        out << "CPU " << fixed(*shown.cpu_us_per_message, 2) << " us per "
            << (handshakes ? "handshake" : "message") << " (user "
            << fixed(*shown.user_us_per_message, 2) << ", system "
            << fixed(*shown.system_us_per_message, 2) << "); ";
    }
    out << "memory " << bytes_text(static_cast<double>(shown.rss_before)) << " before, "
        << bytes_text(static_cast<double>(shown.rss)) << " at the end";
    if (shown.rss_per_connection) {
        out << ": " << bytes_text(*shown.rss_per_connection) << " per connection";
    }
    out << '\n';
}

// What a server said may hold anything; on a terminal, and in a line, it must stay text. Control
// characters are those below 0x20, 0x7F, and U+0080 to U+009F: 0xC2 and a byte below 0xA0.
std::string printable(const std::string& text) {
    const auto byte = [&text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (byte(i) == 0xC2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xA0) {
            result += '?';
            ++i;
        } else {
            result += byte(i) < 0x20 || byte(i) == 0x7F ? '?' : text[i];
        }
    }
    return result;
}

const char* unit_of(run_mode mode) {
    return mode == run_mode::handshake ? "handshakes"
           : mode == run_mode::fanout  ? "deliveries"
                                       : "messages";
}

void write_load(std::ostream& out, const settings& chosen) {
    out << load_app::to_text(chosen.mode) << ' ' << chosen.server.shown << ": "
        << chosen.connections << " connections, " << chosen.threads
        << (chosen.threads == 1 ? " thread" : " threads");
    if (chosen.mode == run_mode::echo || chosen.mode == run_mode::fanout) {
        out << ", " << chosen.size << " bytes of " << load_app::to_text(chosen.payload)
            << (chosen.deflate ? ", deflate" : "");
        if (chosen.rate > 0) {
            out << ", " << short_number(chosen.rate) << " a second";
        } else {
            out << ", depth " << chosen.depth;
        }
    }
    out << '\n';
}

}  // namespace

void write_summary(std::ostream& out, const settings& chosen, const figures& shown) {
    write_load(out, chosen);
    if (chosen.mode == run_mode::idle) {
        out << "held        " << shown.open_connections << " connections for "
            << fixed(shown.seconds, 2) << " s\n";
    } else {
        out << unit_of(chosen.mode) << "  " << grouped(static_cast<double>(shown.messages()))
            << " in " << fixed(shown.seconds, 2) << " s: " << grouped(shown.messages_per_s())
            << " a second";
        if (chosen.mode != run_mode::handshake) {
            out << ", " << bytes_text(shown.messages_per_s() * static_cast<double>(chosen.size))
                << "/s";
        }
        if (chosen.mode == run_mode::fanout) {
            out << "; " << grouped(static_cast<double>(shown.counted.published)) << " published";
        }
        out << (shown.interrupted ? " (interrupted)\n" : "\n");
    }
    if (shown.messages() > 0 && chosen.mode != run_mode::handshake) {
        write_quantiles(out, "latency", shown.counted.latency);
        write_bars(out, shown.counted.latency);
    }
    if (const histogram& handshakes = shown.handshakes(chosen.mode); handshakes.count() > 0) {
        write_quantiles(out, "handshake", handshakes);
        if (chosen.mode == run_mode::handshake) {
            write_bars(out, handshakes);
        }
    }
    if (shown.server) {
        write_server(out, chosen, *shown.server);
    }
    if (chosen.mode != run_mode::idle && shown.own_cpu_us_per_message) {
        out << "load        CPU " << fixed(*shown.own_cpu_us_per_message, 2) << " us per "
            << (chosen.mode == run_mode::handshake ? "handshake\n" : "message\n");
    }
    if (shown.counted.errors.empty()) {
        out << "errors      none\n";
    }
    write_errors(out, shown);
}

void write_errors(std::ostream& out, const figures& shown) {
    for (const auto& [kind, entry] : shown.counted.errors) {
        out << "error       " << kind << ": " << entry.count
            << (entry.first.empty() ? "" : ", the first: " + printable(entry.first)) << '\n';
    }
}

}  // namespace load_app
