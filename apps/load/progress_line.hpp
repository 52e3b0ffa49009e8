// One line on a terminal that says how far a run is.
#pragma once

#include <cstdint>

#include "options.hpp"

namespace load_app {

class progress_line {
public:
    /// Shows nothing if standard error is no terminal.
    explicit progress_line(const settings& chosen);

    /// Shows the figures, twice a second at most.
    void show(const char* step, std::uint64_t open, std::uint64_t received, std::uint64_t errors);
    /// Removes the line.
    void clear();

private:
    bool enabled_;
    bool shown_ = false;
    const time_point began_ = clock::now();
    time_point last_ = began_;
    std::uint64_t last_received_ = 0;
};

}  // namespace load_app
