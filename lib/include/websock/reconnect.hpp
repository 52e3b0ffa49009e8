// A client that connects again when its connection ends (RFC 6455 §7.2.3).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <websock/client.hpp>

namespace websock {

/// What has become of one attempt to connect.
struct connect_attempt {
    /// Counted from 1, anew after each connection that lasted.
    std::size_t number = 0;
    /// Empty: connected.
    error_code ec;
    /// Status of the server's HTTP answer; 0 if there was none.
    unsigned http_status = 0;
    /// How long the next attempt is waited for; empty if connected or given up.
    std::optional<std::chrono::milliseconds> delay;
};

/// Options of `keep_connected`. (A constructor, not an aggregate: see the g++ 12 note in
/// lib/README.md.)
struct reconnect_options {
    reconnect_options();
    reconnect_options(const reconnect_options&);
    reconnect_options(reconnect_options&&) noexcept;
    reconnect_options& operator=(const reconnect_options&);
    reconnect_options& operator=(reconnect_options&&) noexcept;
    ~reconnect_options();

    /// Before each attempt but the first a random time is waited, between zero and a bound (full
    /// jitter): this at first,
    std::chrono::milliseconds initial_delay{500};
    /// then so many times the one before,
    double factor = 2;
    /// but never more than this. A connection that lasted longer than the bound resets it.
    std::chrono::milliseconds max_delay{30'000};
    /// Attempts in a row that may fail; 0: any number.
    std::size_t max_attempts = 0;
    /// Connect again although the server closed with 1000, or without a code (1005).
    bool retry_after_normal = false;
    /// Connect again although the server closed with 1008 (policy).
    bool retry_after_policy_error = false;
    /// Connect again although the server answered with an HTTP status 3xx or 4xx.
    bool retry_after_refusal = false;
    /// Called after each attempt, on the calling coroutine's executor. What it throws ends
    /// keep_connected.
    std::function<void(const connect_attempt&)> on_attempt;
};

/// Connects, runs `handler` with the connection, and connects again when that ends, until
/// - the handler returns, or has closed the connection itself: the connection is closed with 1000
///   if it is still open;
/// - the server closes with 1000, without a code, or with 1008 (see the options);
/// - the handler throws: the connection is closed with 1011, and the exception goes on;
/// - connecting fails for good: the last connect_error is thrown. error::bad_argument is for good
/// at
///   once, and so are 3xx and 4xx (see the options).
/// Returns how the last connection ended.
///
/// A handler sees the end of its connection by receive()'s empty result; it should then return,
/// which stops nothing if it was the peer, or the network, that ended it. Everything runs on the
/// calling coroutine's executor. Cancelling ends it at any point; an open connection is then
/// closed.
[[nodiscard]] awaitable<close_info> keep_connected(std::string url, coroutine_handler handler,
                                                   client_options options = {},
                                                   reconnect_options retry = {});

}  // namespace websock
