// When each message under way on a connection left, the oldest first: a ring that grows.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "options.hpp"

namespace load_app {

class send_times {
public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Not empty.
    [[nodiscard]] time_point front() const noexcept { return ring_[first_]; }

    void push(time_point when) {
        if (size_ == ring_.size()) {
            grow();
        }
        ring_[(first_ + size_) & (ring_.size() - 1)] = when;
        ++size_;
    }

    time_point pop() noexcept {
        const time_point when = ring_[first_];
        first_ = (first_ + 1) & (ring_.size() - 1);
        --size_;
        return when;
    }

private:
    void grow() {
        std::vector<time_point> larger(ring_.empty() ? 2 : ring_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) {
            larger[i] = ring_[(first_ + i) & (ring_.size() - 1)];
        }
        ring_ = std::move(larger);
        first_ = 0;
    }

    std::vector<time_point> ring_;  // a power of two
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace load_app
