// The live sessions of one thread, and the capacity that all threads share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "session.hpp"

namespace websock::net {

/// How many connections there may be at once. Thread-safe.
class capacity {
public:
    explicit capacity(std::size_t limit) noexcept : limit_(limit) {}

    /// Counts a new connection. Over the limit a few are let in to be told so; false: no more of
    /// them either.
    [[nodiscard]] bool admit(admission& how) noexcept {
        const std::size_t before = live_.fetch_add(1, std::memory_order_relaxed);
        how = before < limit_ ? admission::welcome : admission::over_capacity;
        if (before >= limit_ + refused_at_once) {
            leave();
            return false;
        }
        return true;
    }
    void leave() noexcept { live_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::size_t live() const noexcept {
        return live_.load(std::memory_order_relaxed);
    }

    /// Threads whose handlers may still ask something of the others' connections.
    std::atomic<std::size_t> busy_threads{0};

private:
    static constexpr std::size_t refused_at_once = 32;

    std::size_t limit_;
    std::atomic<std::size_t> live_{0};
};

class registry final : public session_owner {
public:
    explicit registry(capacity& shared) noexcept : shared_(shared) {}

    void add(driver& session) {
        session.place_in_registry = live_.size();
        live_.push_back(&session);
    }

    void on_session_end(driver& ended) noexcept override {
        driver* const last = live_.back();
        live_[ended.place_in_registry] = last;
        last->place_in_registry = ended.place_in_registry;
        live_.pop_back();
        shared_.leave();
    }

    /// All that live, kept alive by the result.
    [[nodiscard]] std::vector<std::shared_ptr<driver>> all() const {
        std::vector<std::shared_ptr<driver>> kept;
        kept.reserve(live_.size());
        for (driver* const session : live_) {
            kept.push_back(session->shared_from_this());
        }
        return kept;
    }

private:
    capacity& shared_;
    std::vector<driver*> live_;
};

}  // namespace websock::net
