// The echo app: one server, two listeners, a page.
#include <malloc.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <websock/websock.hpp>

#include "echo.hpp"
#include "settings.hpp"

namespace {

using echo_app::settings;

// glibc raises the size from which memory comes as pages of its own to that of the largest block
// ever freed. After one message of 16 MiB all further ones would leave holes in the heap.
void return_large_memory() {
#ifdef __GLIBC__
    constexpr int large = 4 * 1024 * 1024;
    // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread as yet
    mallopt(M_MMAP_THRESHOLD, large);
    mallopt(M_TRIM_THRESHOLD, 2 * large);
    // NOLINTEND(concurrency-mt-unsafe)
#endif
}

void set_up_log(const settings& chosen) {
    spdlog::set_default_logger(spdlog::stderr_color_mt("websock-echo"));
    spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    spdlog::set_level(spdlog::level::from_str(chosen.log_level));
}

void write_log(websock::log_level level, std::string_view line) {
    switch (level) {
        case websock::log_level::debug:
            return spdlog::debug("{}", line);
        case websock::log_level::info:
            return spdlog::info("{}", line);
        case websock::log_level::warning:
            return spdlog::warn("{}", line);
        case websock::log_level::error:
            return spdlog::error("{}", line);
    }
}

websock::tls_context make_tls(const settings& chosen) {
    if (!chosen.certificate.empty()) {
        return websock::tls_context::from_files(chosen.certificate, chosen.key);
    }
    const bool any = chosen.host == "0.0.0.0" || chosen.host == "::";
    return websock::tls_context::self_signed(any ? "localhost" : chosen.host);
}

void listen(websock::server& server, const settings& chosen) {
    const bool v6 = chosen.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + chosen.host + "]" : chosen.host;
    std::optional<websock::tls_context> tls;
    if (chosen.tls_port != 0) {
        tls = make_tls(chosen);
    }
    if (chosen.port != 0) {
        server.listen({chosen.host, chosen.port});
        spdlog::info("listening on ws://{}:{}/ws, try http://{}:{}/", host, chosen.port, host,
                     chosen.port);
    }
    if (tls) {
        server.listen({chosen.host, chosen.tls_port}, *tls);
        spdlog::info("listening on wss://{}:{}/wss{}", host, chosen.tls_port,
                     chosen.certificate.empty() ? " (self-signed certificate)" : "");
    }
}

void serve(const settings& chosen) {
    websock::server server(chosen.server);
    for (const char* const path : {"/ws", "/wss"}) {
        if (chosen.handler == echo_app::handler_style::coroutine) {
            server.route(path, echo_app::echo);
        } else {
            server.route(path, echo_app::echo_callbacks());
        }
    }
    server.route("/", websock::page{.body = std::string(echo_app::page_html)});
    listen(server, chosen);
    server.run();
    spdlog::info("stopped");
}

}  // namespace

int main(int argc, char** argv) {
    try {
        int exit_code = 0;
        auto chosen = echo_app::read_settings(argc, argv, exit_code);
        if (!chosen) {
            return exit_code;
        }
        return_large_memory();
        set_up_log(*chosen);
        chosen->server.log = write_log;
        serve(*chosen);
        return 0;
    } catch (const std::exception& e) {
        static_cast<void>(std::fprintf(stderr, "websock-echo: %s\n", e.what()));
        return 1;
    }
}
