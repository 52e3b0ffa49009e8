// The load generator: loads a WebSocket server, any one, checks what it answers, and measures.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <system_error>

#include "conductor.hpp"
#include "json_report.hpp"
#include "options.hpp"
#include "process_limits.hpp"
#include "report.hpp"

namespace {

constexpr int failure = 1;
constexpr int bad_usage = 2;

int complain(const std::string& what) {
    std::cerr << "websock-load: " << what << '\n';
    return bad_usage;
}

// One that is closed would be given to the next file or socket, which would then get what is meant
// for the user. Writing to what this opens instead is an error.
void keep_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) == -1) {
            static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
}

// Writes all of it, to the device. If that fails, says so.
bool put(std::ostream& out, const std::string& text, const std::string& where) {
    errno = 0;
    if (out << text << std::flush) {
        return true;
    }
    const std::string why = errno != 0 ? ": " + std::generic_category().message(errno) : "";
    complain("cannot write to " + where + why);
    return false;
}

// Each is tried, also if another one failed: the file first, which is there to be kept.
bool report(const load_app::settings& chosen, const load_app::figures& shown, std::ofstream& file) {
    std::ostringstream json;
    std::ostringstream summary;
    load_app::write_json(json, chosen, shown);
    if (chosen.quiet) {
        load_app::write_errors(summary, shown);
    } else {
        load_app::write_summary(summary, chosen, shown);
    }
    const bool json_only = chosen.json == "-";
    bool written = true;
    if (file.is_open()) {
        written = put(file, json.str(), chosen.json);
    } else if (json_only) {
        written = put(std::cout, json.str(), "standard output");
    }
    const bool to_stderr = json_only || chosen.quiet;
    return put(to_stderr ? std::cerr : std::cout, summary.str(),
               to_stderr ? "standard error" : "standard output") &&
           written;
}

int run(const load_app::settings& chosen) {
    const std::string trouble = load_app::make_room_for(chosen);
    if (!trouble.empty()) {
        return complain(trouble);
    }
    if (chosen.pid != 0 &&
        (!load_app::sample_cpu(chosen.pid) || !load_app::resident_bytes(chosen.pid))) {
        return complain("--pid: no process " + std::to_string(chosen.pid) + " to look at");
    }
    std::ofstream json;
    if (!chosen.json.empty() && chosen.json != "-") {
        json.open(chosen.json);
        if (!json) {
            return complain("--json: cannot write " + chosen.json);
        }
    }
    const load_app::figures shown = load_app::conductor(chosen).run();
    const bool written = report(chosen, shown, json);
    return written && shown.counted.errors.empty() ? 0 : failure;
}

}  // namespace

int main(int argc, char** argv) {
    keep_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error of writing, told as such
    try {
        int exit_code = 0;
        const auto chosen = load_app::read_settings(argc, argv, exit_code);
        if (chosen) {
            return run(*chosen);
        }
        return put(std::cout, "", "standard output") ? exit_code : failure;  // --help
    } catch (const std::exception& e) {
        static_cast<void>(std::fprintf(stderr, "websock-load: %s\n", e.what()));
        return failure;
    }
}
