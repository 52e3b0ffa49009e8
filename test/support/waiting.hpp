// How a test waits for what other threads do: for events, with a deadline, never by sleeping.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace websock::test {

/// Longer than anything takes, even under a sanitizer on a busy machine.
inline constexpr std::chrono::seconds patience{20};

/// Waits until `holds()`; false if it never did.
template <class Predicate>
[[nodiscard]] bool eventually(Predicate holds) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

/// A value that one thread sets and another waits for.
template <class T>
class box {
public:
    void set(T value) {
        const std::lock_guard lock(mutex_);
        value_.emplace(std::move(value));
        changed_.notify_all();
    }
    /// Throws std::runtime_error if it does not come in time.
    [[nodiscard]] T get() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [this] { return value_.has_value(); })) {
            throw std::runtime_error("what the test waits for did not happen");
        }
        return *value_;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        value_.reset();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<T> value_;
};

/// What happened, in its order; threads add, the test waits.
class journal {
public:
    void add(std::string entry) {
        const std::lock_guard lock(mutex_);
        entries_.push_back(std::move(entry));
        changed_.notify_all();
    }
    [[nodiscard]] std::vector<std::string> entries() const {
        const std::lock_guard lock(mutex_);
        return entries_;
    }
    /// Waits for `count` entries; "a | b | c". What there is after the deadline, if they don't
    /// come.
    [[nodiscard]] std::string wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [&] { return entries_.size() >= count; });
        return joined();
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return joined();
    }

private:
    [[nodiscard]] std::string joined() const {
        std::string all;
        for (const std::string& entry : entries_) {
            all += (all.empty() ? "" : " | ") + entry;
        }
        return all;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> entries_;
};

/// Lets a coroutine wait for the test. Opens once, from any thread.
class gate {
public:
    void open() noexcept { open_ = true; }
    [[nodiscard]] bool is_open() const noexcept { return open_; }

    /// The gate must outlive it.
    [[nodiscard]] boost::asio::awaitable<void> wait() {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
        while (!open_) {
            timer.expires_after(std::chrono::milliseconds(1));
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
    }

private:
    std::atomic<bool> open_{false};
};

/// Pauses a coroutine.
inline boost::asio::awaitable<void> pause_for(std::chrono::microseconds time) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(time);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace websock::test
