// CPU time and memory of the server's process, and of this one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace load_app {

/// CPU time that a process has used up to now.
struct cpu_sample {
    std::uint64_t started = 0;                ///< when the process began, in clock ticks
    std::map<int, std::uint64_t> threads_ns;  ///< of each thread alive, to the nanosecond
    std::uint64_t user_ticks = 0;             ///< of the whole process, in clock ticks
    std::uint64_t system_ticks = 0;
};

struct cpu_used {
    double total_us = 0;
    double user_us = 0;
    double system_us = 0;
};

/// Nothing if there is no such process, or it has ended (a zombie), or it may not be looked at.
[[nodiscard]] std::optional<cpu_sample> sample_cpu(int pid);

/// Says whether both are of one process, not of another one that got its pid later.
[[nodiscard]] bool are_of_one_process(const cpu_sample& before, const cpu_sample& after) noexcept;

/// Used between two samples of one process. Exact from the threads' own counters, unless a thread
/// has ended in between: then from clock ticks, which know of it.
[[nodiscard]] cpu_used between(const cpu_sample& before, const cpu_sample& after);

/// Resident memory in bytes. Nothing as above, and for a kernel thread.
[[nodiscard]] std::optional<std::uint64_t> resident_bytes(int pid);

/// CPU time of this process.
[[nodiscard]] std::chrono::nanoseconds own_cpu();

}  // namespace load_app
