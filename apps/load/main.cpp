// The load generator: loads a WebSocket server, any one, checks what it answers, and measures.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>

#include "conductor.hpp"
#include "json_report.hpp"
#include "options.hpp"
#include "process_limits.hpp"
#include "report.hpp"

namespace {

constexpr int bad_usage = 2;

int complain(const std::string& what) {
    std::cerr << "websock-load: " << what << '\n';
    return bad_usage;
}

void report(const load_app::settings& chosen, const load_app::figures& shown) {
    const bool json_only = chosen.json == "-";
    if (!chosen.quiet) {
        load_app::write_summary(json_only ? std::cerr : std::cout, chosen, shown);
    } else {
        load_app::write_errors(std::cerr, shown);
    }
    if (json_only) {
        load_app::write_json(std::cout, chosen, shown);
    }
}

int run(const load_app::settings& chosen) {
    const std::string trouble = load_app::make_room_for(chosen.connections, chosen.threads);
    if (!trouble.empty()) {
        return complain(trouble);
    }
    if (chosen.pid != 0 && !load_app::sample_cpu(chosen.pid)) {
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
    report(chosen, shown);
    if (json.is_open()) {
        load_app::write_json(json, chosen, shown);
    }
    return shown.counted.errors.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        int exit_code = 0;
        const auto chosen = load_app::read_settings(argc, argv, exit_code);
        return chosen ? run(*chosen) : exit_code;
    } catch (const std::exception& e) {
        static_cast<void>(std::fprintf(stderr, "websock-load: %s\n", e.what()));
        return 1;
    }
}
