// What the user asks for, as CLI11 reads it from the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <websock/tls.hpp>

#include "target.hpp"

namespace load_app {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;

enum class run_mode : std::uint8_t { echo, handshake, fanout, idle };
enum class payload_kind : std::uint8_t { binary, ascii, multibyte, json };

struct settings {
    target server;
    target publish;  ///< where a fan-out's publisher connects
    run_mode mode = run_mode::echo;

    std::size_t connections = 100;
    std::size_t threads = 1;
    std::size_t size = 20;  ///< bytes of a message
    std::size_t depth = 1;
    payload_kind payload = payload_kind::ascii;
    bool deflate = false;

    double rate = 0;  ///< messages per second in all; 0: closed loop
    double ramp = 0;  ///< connections per second in all; 0: no limit
    std::chrono::nanoseconds duration{std::chrono::seconds(10)};
    std::chrono::nanoseconds warmup{std::chrono::seconds(1)};
    std::chrono::milliseconds timeout{10'000};
    std::uint64_t count = 0;  ///< 0: no limit
    std::uint64_t verify_every = 64;

    bool insecure = false;
    std::string ca_file;
    websock::tls_trust trust;

    int pid = 0;       ///< of the server; 0: unknown
    std::string json;  ///< a file, "-" for standard output, or empty
    bool quiet = false;
};

[[nodiscard]] const char* to_text(run_mode mode) noexcept;
[[nodiscard]] const char* to_text(payload_kind kind) noexcept;

/// Reads the flags. Nothing when the program is to end with `exit_code` (help, an error; what there
/// was to say has been printed).
[[nodiscard]] std::optional<settings> read_settings(int argc, char** argv, int& exit_code);

}  // namespace load_app
