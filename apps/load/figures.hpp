// What a run has shown.
#pragma once

#include <cstdint>
#include <optional>

#include "options.hpp"
#include "tally.hpp"

namespace load_app {

/// Of the server's process (--pid). Nothing per message, or connection, where there was none.
struct server_figures {
    std::optional<double> cpu_us_per_message;
    std::optional<double> user_us_per_message;
    std::optional<double> system_us_per_message;
    std::uint64_t rss_before = 0;  ///< bytes, before the first connection
    std::uint64_t rss = 0;         ///< bytes, at the end, with all connections open
    std::optional<double> rss_per_connection;
};

struct figures {
    tally counted;
    double seconds = 0;                  ///< measured
    std::uint64_t open_connections = 0;  ///< at the end
    std::optional<server_figures> server;
    std::optional<double> own_cpu_us_per_message;
    bool interrupted = false;

    [[nodiscard]] std::uint64_t messages() const noexcept { return counted.latency.count(); }
    [[nodiscard]] double messages_per_s() const noexcept {
        return seconds > 0 ? static_cast<double>(messages()) / seconds : 0;
    }
    /// Time to open: in the handshake mode that is what is measured, without the warm-up.
    [[nodiscard]] const histogram& handshakes(run_mode mode) const noexcept {
        return mode == run_mode::handshake ? counted.latency : counted.handshakes;
    }
};

}  // namespace load_app
