#include "process_limits.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace load_app {
namespace {

std::string trouble_with_descriptors(std::size_t connections, std::size_t threads) {
    constexpr std::size_t own = 32;
    constexpr std::size_t own_of_thread = 8;
    constexpr std::size_t ending = 64;  // connections whose end is under way
    const std::size_t needed = connections + own + own_of_thread * threads + ending;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return {};
    }
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_max >= needed) {
        return {};
    }
    return std::to_string(connections) + " connections need " + std::to_string(needed) +
           " open files, and the hard limit is " + std::to_string(limit.rlim_max) +
           " (ulimit -Hn): raise it, or ask for fewer";
}

// In the closed loop all that is under way may wait here for a server that does not read. (The open
// loop has its limit in the connection's outbox; what goes over tcp and tls is never copied.)
std::string trouble_with_memory(const settings& chosen) {
    const bool echo = chosen.mode == run_mode::echo;
    if (chosen.rate > 0 || chosen.server.is_raw() || (!echo && chosen.mode != run_mode::fanout)) {
        return {};
    }
    const std::uint64_t needed = (echo ? chosen.connections : 1) * chosen.depth * chosen.size;
    const std::uint64_t there = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                                static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (needed <= there) {
        return {};
    }
    constexpr std::uint64_t mebibyte = 1024 * 1024;
    return "--connections x --depth x --size is " + std::to_string(needed / mebibyte) +
           " MiB under way, and this machine has " + std::to_string(there / mebibyte) +
           ": ask for less";
}

}  // namespace

std::string make_room_for(const settings& chosen) {
    const std::string trouble = trouble_with_descriptors(chosen.connections, chosen.threads);
    return trouble.empty() ? trouble_with_memory(chosen) : trouble;
}

}  // namespace load_app
