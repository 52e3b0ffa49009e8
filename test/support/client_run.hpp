// Runs a client's coroutine on an io_context of its own, in the test's thread.
#pragma once

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <websock/client.hpp>

#include "host.hpp"
#include "waiting.hpp"

namespace websock::test {

/// Runs it, and then whatever it has left behind, until there is no more work. What it returns, or
/// throws; std::runtime_error if that takes too long.
template <class T>
T run(awaitable<T> task) {
    boost::asio::io_context context(1);
    std::exception_ptr failure;
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e, T value) {
        failure = std::move(e);
        result.emplace(std::move(value));
    });
    context.run_for(patience);
    if (!context.stopped()) {
        throw std::runtime_error("the client has not come to its end");
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return *std::move(result);
}

/// What has become of an attempt to connect, and of the connection if there was one.
struct outcome {
    error_code ec;
    std::string what;
    http_response response;
    std::string subprotocol;
    std::string extensions;
    std::string received;  ///< "one|two|", to the end
    std::string end;       ///< by to_text()
};

inline awaitable<outcome> connect_and_receive(std::string url, client_options options) {
    outcome seen;
    try {
        connection peer = co_await connect(std::move(url), std::move(options));
        seen.subprotocol = peer.subprotocol();
        seen.extensions = peer.extensions();
        while (const auto received = co_await peer.receive()) {
            seen.received += std::string(received->text()) + "|";
        }
        seen.end = to_text(peer.close_info());
    } catch (const connect_error& e) {
        seen.ec = e.code();
        seen.what = e.what();
        seen.response = e.response();
    }
    co_return seen;
}

/// Connects, and receives until the server closes.
[[nodiscard]] inline outcome visit(std::string url, client_options options = {}) {
    return run(connect_and_receive(std::move(url), std::move(options)));
}

inline constexpr std::array schemes{"ws", "wss"};

/// How a client reaches its server, and whether it says that its executor is serial.
struct way {
    way(const char* by, bool serial = false)  // NOLINT(*-explicit-*)
        : scheme(by), is_serial(serial) {}

    friend std::ostream& operator<<(std::ostream& out, const way& which) {
        return out << which.scheme << (which.is_serial ? ", serial" : "");
    }

    std::string scheme;
    bool is_serial;
};

inline const std::array ways{way("ws"), way("wss"), way("ws", true), way("wss", true)};

/// Takes any certificate.
[[nodiscard]] inline client_options trusting(const way& how) {
    client_options options;
    options.trust = tls_trust::none();
    options.executor_is_serial = how.is_serial;
    return options;
}

/// Our own server, which echoes or does what it is told; and how to reach it.
struct echo_server {
    explicit echo_server(const way& how, connection_options limits = {})
        : echo_server(how, coroutine_handler(echo), std::move(limits)) {}
    echo_server(const way& how, any_handler what, connection_options limits = {}) {
        host_options settings;
        settings.connection = std::move(limits);
        options.executor_is_serial = how.is_serial;
        if (how.scheme == "wss") {
            settings.tls = tls_context::self_signed();
            options.trust = tls_trust::none();
        }
        running = start_host(arrangement::server_1, std::move(what), settings);
        options.headers = {{"X-Mine", "1"}};
        url = how.scheme + "://localhost:" + std::to_string(running->port()) + "/ws";
    }

    std::unique_ptr<host> running;
    std::string url;
    client_options options;
};

/// How many descriptors this process has open.
[[nodiscard]] inline std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all)) - 1;  // without the one that looks
}

}  // namespace websock::test
