// The server that a URL names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace load_app {

enum class url_scheme : std::uint8_t { ws, wss, tcp, tls };

/// A server. `host` and `port` are there for tcp and tls only: the library reads the others.
struct target {
    std::string url;    ///< as given: it may hold a user and a password
    std::string shown;  ///< without them: what may be printed
    url_scheme scheme = url_scheme::ws;
    std::string host;
    std::string port;

    [[nodiscard]] bool is_raw() const noexcept {
        return scheme == url_scheme::tcp || scheme == url_scheme::tls;
    }
    [[nodiscard]] bool is_secure() const noexcept {
        return scheme == url_scheme::wss || scheme == url_scheme::tls;
    }
};

/// Throws std::invalid_argument, which says what is wrong with the URL.
[[nodiscard]] target read_url(const std::string& url);

/// The text, with no user and no password in any URL in it.
[[nodiscard]] std::string without_credentials(std::string text);

}  // namespace load_app
