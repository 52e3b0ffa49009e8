// The echo app's flags, as CLI11 reads them from the command line or from a file (--config).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <websock/options.hpp>

namespace echo_app {

enum class handler_style : std::uint8_t { coroutine, callback };

struct settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8888;      // 0: no plain listener
    std::uint16_t tls_port = 8889;  // 0: no TLS listener
    std::string certificate;        // PEM files; a self-signed one is made without them
    std::string key;
    handler_style handler = handler_style::coroutine;
    std::string log_level = "info";
    websock::server_options server;
};

/// Reads the flags. Nothing when the program is to end with `exit_code` (help, an error; what there
/// was to say has been printed).
[[nodiscard]] std::optional<settings> read_settings(int argc, char** argv, int& exit_code);

}  // namespace echo_app
