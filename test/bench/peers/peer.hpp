// What the peers share: their flags and how they say that they are ready. C++17, for websocketpp.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

namespace bench {

struct settings {
    std::uint16_t port = 0;
    bool tls = false;
    std::string certificate;
    std::string key;
    bool tuned = false;
};

/// Reads `--port N [--tls --cert FILE --key FILE] [--tuned]`. Throws if it is anything else.
inline settings read_settings(int argc, char** argv) {
    settings chosen;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const auto value = [&]() -> const char* {
            if (++i == argc) {
                throw std::runtime_error(name + " needs a value");
            }
            return argv[i];
        };
        if (name == "--port") {
            chosen.port = static_cast<std::uint16_t>(std::strtoul(value(), nullptr, 10));
        } else if (name == "--tls") {
            chosen.tls = true;
        } else if (name == "--cert") {
            chosen.certificate = value();
        } else if (name == "--key") {
            chosen.key = value();
        } else if (name == "--tuned") {
            chosen.tuned = true;
        } else {
            throw std::runtime_error("unknown flag " + name);
        }
    }
    if (chosen.port == 0 || chosen.tls == chosen.certificate.empty()) {
        throw std::runtime_error("usage: PEER --port N [--tls --cert FILE --key FILE] [--tuned]");
    }
    return chosen;
}

/// Says that the peer listens. What ends it is SIGTERM's default action.
inline void announce() {
    std::puts("listening");
    std::fflush(stdout);
}

/// Runs `serve` with the flags; returns the exit code.
template <typename Serve>
int run(int argc, char** argv, Serve serve) {
    try {
        serve(read_settings(argc, argv));
        return EXIT_SUCCESS;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return EXIT_FAILURE;
    }
}

}  // namespace bench
