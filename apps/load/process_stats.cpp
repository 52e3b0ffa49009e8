#include "process_stats.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace load_app {
namespace {

std::string proc_path(int pid, const char* file) {
    return "/proc/" + std::to_string(pid) + "/" + file;
}

std::string read_file(const std::string& name) {
    std::ifstream file(name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// proc(5): fields 3, 14, 15 and 22 of stat; the name, the second field, may hold anything. False if
// the process has ended, its parent having yet to be told.
bool read_stat(int pid, cpu_sample& sample) {
    const std::string stat = read_file(proc_path(pid, "stat"));
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) {
        return false;
    }
    std::istringstream fields(stat.substr(name_end + 1));
    char state = 'X';
    fields >> state;
    const auto skip = [&fields](int first, int last) {
        std::string skipped;
        for (int field = first; field <= last; ++field) {
            fields >> skipped;
        }
    };
    skip(4, 13);
    fields >> sample.user_ticks >> sample.system_ticks;
    skip(16, 21);
    return fields >> sample.started && state != 'Z' && state != 'X';
}

// "Rss:     1234 kB"
std::optional<std::uint64_t> find_kilobytes(const std::string& text, const std::string& key) {
    const std::size_t at = text.find("\n" + key);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream rest(text.substr(at + 1 + key.size()));
    std::uint64_t kilobytes = 0;
    rest >> kilobytes;
    return kilobytes * 1024;
}

}  // namespace

std::optional<cpu_sample> sample_cpu(int pid) {
    cpu_sample sample;
    if (!read_stat(pid, sample)) {
        return std::nullopt;
    }
    std::error_code ec;
    for (std::filesystem::directory_iterator it(proc_path(pid, "task"), ec), end; !ec && it != end;
         it.increment(ec)) {
        const std::string name = it->path().filename();
        int thread = 0;
        std::from_chars(name.data(), name.data() + name.size(), thread);
        std::istringstream fields(read_file(it->path() / "schedstat"));
        std::uint64_t ns = 0;
        if (fields >> ns) {
            sample.threads_ns.emplace(thread, ns);
        }
    }
    return sample;
}

bool are_of_one_process(const cpu_sample& before, const cpu_sample& after) noexcept {
    return before.started == after.started;
}

cpu_used between(const cpu_sample& before, const cpu_sample& after) {
    const double us_per_tick = 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto ticks = [us_per_tick](std::uint64_t from, std::uint64_t to) {
        return static_cast<double>(to - from) * us_per_tick;
    };
    const double user = ticks(before.user_ticks, after.user_ticks);
    const double system = ticks(before.system_ticks, after.system_ticks);
    const bool none_ended = std::ranges::all_of(before.threads_ns, [&after](const auto& each) {
        const auto later = after.threads_ns.find(each.first);
        return later != after.threads_ns.end() && later->second >= each.second;
    });
    if (!none_ended || after.threads_ns.empty()) {
        return {.total_us = user + system, .user_us = user, .system_us = system};
    }
    std::uint64_t ns = 0;
    for (const auto& [thread, used] : after.threads_ns) {
        const auto earlier = before.threads_ns.find(thread);
        ns += used - (earlier == before.threads_ns.end() ? 0 : earlier->second);
    }
    const double total = static_cast<double>(ns) / 1000;
    const double share = user + system > 0 ? user / (user + system) : 0.5;
    return {.total_us = total, .user_us = total * share, .system_us = total * (1 - share)};
}

std::optional<std::uint64_t> resident_bytes(int pid) {
    if (const auto rss = find_kilobytes(read_file(proc_path(pid, "smaps_rollup")), "Rss:")) {
        return rss;
    }
    return find_kilobytes(read_file(proc_path(pid, "status")), "VmRSS:");
}

std::chrono::nanoseconds own_cpu() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace load_app
