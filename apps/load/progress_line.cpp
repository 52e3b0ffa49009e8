#include "progress_line.hpp"

#include <unistd.h>

#include <cstdio>

namespace load_app {

progress_line::progress_line(const settings& chosen)
    : enabled_(!chosen.quiet && ::isatty(STDERR_FILENO) != 0) {}

void progress_line::show(const char* step, std::uint64_t open, std::uint64_t received,
                         std::uint64_t errors) {
    const time_point now = clock::now();
    if (!enabled_ || now - last_ < std::chrono::milliseconds(500)) {
        return;
    }
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const double rate = static_cast<double>(received - last_received_) / seconds;
    static_cast<void>(std::fprintf(
        stderr, "\r\033[K%6.1f s  %-8s %8llu open  %12llu received  %10.0f/s  %llu errors",
        std::chrono::duration<double>(now - began_).count(), step,
        static_cast<unsigned long long>(open), static_cast<unsigned long long>(received), rate,
        static_cast<unsigned long long>(errors)));
    static_cast<void>(std::fflush(stderr));
    shown_ = true;
    last_ = now;
    last_received_ = received;
}

void progress_line::clear() {
    if (shown_) {
        static_cast<void>(std::fputs("\r\033[K", stderr));
        shown_ = false;
    }
}

}  // namespace load_app
