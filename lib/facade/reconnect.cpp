#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>
#include <websock/reconnect.hpp>

#include "../net/random.hpp"
#include "../protocol/backoff.hpp"
#include "../protocol/close_payload.hpp"

namespace websock {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// The next attempt cannot go better.
bool is_final(const connect_error& failure, const reconnect_options& retry) noexcept {
    const unsigned status = failure.response().status();
    return failure.code() == error::bad_argument ||
           failure.code() == asio::error::operation_aborted ||
           (status >= 300 && status < 500 && !retry.retry_after_refusal);
}

bool is_final(const close_info& end, const reconnect_options& retry) noexcept {
    if (end.initiator == initiator::local) {
        // The handler wanted it, whatever became of the closing handshake; or it was a timeout or a
        // fault of the peer's, and the code is the one for that.
        const bool failed = end.ec == condition::protocol_violation ||
                            end.ec == condition::limit_exceeded || end.ec == error::idle_timeout;
        return end.code != close_code::abnormal &&
               !(failed && end.code == protocol::close_code_for(end.ec));
    }
    // A Close frame without a code is a normal end, too.
    const bool normal = end.code == close_code::normal || end.code == close_code::no_status;
    return (normal && !retry.retry_after_normal) ||
           (end.code == close_code::policy_error && !retry.retry_after_policy_error);
}

void tell(const reconnect_options& retry, const connect_attempt& attempt) {
    if (retry.on_attempt) {
        retry.on_attempt(attempt);
    }
}

// Runs the handler, and sees to it that the connection ends after it.
awaitable<close_info> use(connection peer, coroutine_handler handler) {
    std::exception_ptr thrown;
    try {
        co_await handler(peer);
    } catch (...) {
        thrown = std::current_exception();
    }
    close_reason reason;
    if (thrown) {
        const auto cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() == asio::cancellation_type::none) {
            reason = close_reason(close_code::internal_error);
        }
        peer.request_close(std::move(reason));
        std::rethrow_exception(thrown);
    }
    co_await peer.close(std::move(reason));
    co_return peer.close_info();
}

awaitable<void> sleep_for(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

reconnect_options::reconnect_options() = default;
reconnect_options::reconnect_options(const reconnect_options&) = default;
reconnect_options::reconnect_options(reconnect_options&&) noexcept = default;
reconnect_options& reconnect_options::operator=(const reconnect_options&) = default;
reconnect_options& reconnect_options::operator=(reconnect_options&&) noexcept = default;
reconnect_options::~reconnect_options() = default;

awaitable<close_info> keep_connected(std::string url, coroutine_handler handler,
                                     client_options options, reconnect_options retry) {
    protocol::backoff delays({.initial_delay = retry.initial_delay,
                              .factor = retry.factor,
                              .maximum_delay = retry.max_delay});
    std::size_t attempts = 0;
    std::size_t failures = 0;
    for (;;) {
        connect_attempt attempt;
        attempt.number = ++attempts;
        std::optional<connection> peer;
        std::exception_ptr failure;
        try {
            peer = co_await connect(url, options);
        } catch (const connect_error& e) {
            failure = std::current_exception();
            ++failures;
            attempt.ec = e.code();
            attempt.http_status = e.response().status();
            if (!is_final(e, retry) && (retry.max_attempts == 0 || failures < retry.max_attempts)) {
                attempt.delay = delays.next(net::random_number());
            }
        }
        tell(retry, attempt);
        if (failure && !attempt.delay) {
            std::rethrow_exception(failure);
        }
        if (peer) {
            failures = 0;
            const auto since = steady_clock::now();
            connection used = *std::exchange(peer, std::nullopt);
            const close_info end = co_await use(std::move(used), handler);
            if (is_final(end, retry)) {
                co_return end;
            }
            if (steady_clock::now() - since > delays.bound()) {
                delays.reset();
                attempts = 0;
            }
            attempt.delay = delays.next(net::random_number());
        }
        co_await sleep_for(*attempt.delay);
    }
}

}  // namespace websock
