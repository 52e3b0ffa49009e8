#include "process_limits.hpp"

#include <sys/resource.h>

namespace load_app {

std::string make_room_for(std::size_t connections, std::size_t threads) {
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

}  // namespace load_app
