// How keep_connected() goes with a server that takes one step for each connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>
#include <websock/reconnect.hpp>

#include "client_run.hpp"
#include "raw_server.hpp"

namespace websock::test {

using namespace std::chrono_literals;

/// What the server does with one connection.
using step = std::function<void(raw_server_peer&)>;

inline step closes_with(unsigned code) {
    return [code](raw_server_peer& peer) {
        peer.upgrade();
        peer.send_bytes(server_close(code));
        static_cast<void>(peer.next());
        static_cast<void>(peer.finish());
    };
}

inline step answers(unsigned status) {
    return [status](raw_server_peer& peer) {
        static_cast<void>(peer.read_head());
        peer.send_bytes("HTTP/1.1 " + std::to_string(status) + " No\r\n\r\n");
    };
}

/// Lets the client begin the end, and puts down how.
inline step waits(journal& log) {
    return [&log](raw_server_peer& peer) {
        peer.upgrade();
        const std::string close = peer.next();
        peer.send_bytes(server_close(1000));
        log.add(close + " " + peer.finish());
    };
}

/// One step for each connection.
class stepped_server {
public:
    explicit stepped_server(std::vector<step> steps)
        : steps_(std::move(steps)), server_([this](raw_server_peer& peer) { run(peer); }) {}

    [[nodiscard]] std::string url() const { return server_.url(); }

private:
    void run(raw_server_peer& peer) {
        if (next_ < steps_.size()) {
            steps_[next_++](peer);
        }
    }

    std::vector<step> steps_;
    std::size_t next_ = 0;
    raw_server server_;
};

/// How it went, from the client's side.
struct course {
    std::string attempts;  ///< "1 503 again | 2 open"
    std::string end;       ///< the close_info, or what was thrown
    std::vector<connect_attempt> all;
};

inline reconnect_options soon() {
    reconnect_options retry;
    retry.initial_delay = 1ms;
    retry.max_delay = 4ms;
    return retry;
}

// Not `while (co_await peer.receive())`, which g++ 12 turns into an illegal instruction.
inline awaitable<void> receive_all(connection peer) {
    while (const auto next = co_await peer.receive()) {
    }
}

inline awaitable<course> follow(std::string url, coroutine_handler handler, client_options options,
                                reconnect_options retry) {
    course seen;
    const auto inner = retry.on_attempt;
    retry.on_attempt = [&seen, inner](const connect_attempt& attempt) {
        std::string text = std::to_string(attempt.number);
        text += attempt.ec ? " failed" : " open";
        text += attempt.http_status != 0 ? " " + std::to_string(attempt.http_status) : "";
        text += attempt.delay ? " again" : "";
        seen.attempts += (seen.attempts.empty() ? "" : " | ") + text;
        seen.all.push_back(attempt);
        if (inner) {
            inner(attempt);
        }
    };
    try {
        const close_info end = co_await keep_connected(std::move(url), std::move(handler),
                                                       std::move(options), std::move(retry));
        seen.end = to_text(end);
    } catch (const connect_error& e) {
        seen.end = "connect_error " + std::to_string(e.response().status());
    } catch (const std::exception& e) {
        seen.end = e.what();
    }
    co_return seen;
}

inline course follow_steps(std::vector<step> steps, reconnect_options retry = soon(),
                           coroutine_handler handler = receive_all, client_options options = {}) {
    const stepped_server server(std::move(steps));
    return run(follow(server.url(), std::move(handler), std::move(options), std::move(retry)));
}

inline std::uint16_t closed_port() {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor taken(context,
                                               {boost::asio::ip::address_v4::loopback(), 0});
    return taken.local_endpoint().port();
}

inline std::string refusing_url() {
    return "ws://127.0.0.1:" + std::to_string(closed_port()) + "/";
}

}  // namespace websock::test
