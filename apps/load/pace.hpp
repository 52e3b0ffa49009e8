// So many a second: when it is whose turn.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "options.hpp"

namespace load_app {

/// The error of an open loop that could not send all that was due, even after its end.
inline constexpr const char* behind = "behind schedule";
inline constexpr const char* behind_text = "not all messages left: --rate is too high";

/// When number `turn`, from 0, is due. What would be due in 30 years or later is due then: far from
/// where the clock's range ends.
[[nodiscard]] inline time_point turn_at(time_point start, std::uint64_t turn, double per_second) {
    constexpr double never = 1e9;
    const double seconds = std::min(static_cast<double>(turn) / per_second, never);
    return start + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace load_app
