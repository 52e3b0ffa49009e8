// What one thread has counted. Each writes its own; they are added up when all have ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "histogram.hpp"
#include "options.hpp"

namespace load_app {

struct error_count {
    std::uint64_t count = 0;
    std::string first;  ///< what was said about the first one
};

struct tally {
    histogram latency;            ///< of the counted messages
    histogram handshakes;         ///< from the beginning of connect to the open connection
    std::uint64_t published = 0;  ///< fan-out
    time_point last{};            ///< when the last counted message came
    std::map<std::string, error_count> errors;

    void fail(const std::string& kind, const std::string& what);
    void merge(const tally& other);
};

/// What others may look at while a thread is at work. Only that thread writes.
struct progress {
    std::atomic<std::uint64_t> received{0};  ///< right replies, warm-up included
    std::atomic<std::uint64_t> errors{0};
    std::atomic<std::uint64_t> open{0};
    std::atomic<bool> opened{false};    ///< every connection was tried
    std::atomic<bool> finished{false};  ///< nothing is to be sent or waited for any more
    std::atomic<bool> closed{false};    ///< every connection has ended, or was given up
};

/// Adds without the bus lock that only several writers need.
inline void bump(std::atomic<std::uint64_t>& number, std::uint64_t by = 1) noexcept {
    number.store(number.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace load_app
