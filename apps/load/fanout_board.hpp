// What is known of each published message under way: when it left, and how many have yet to get it.
// The publisher's thread writes an entry before the message leaves; the receivers' threads read it,
// and count down.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "options.hpp"

namespace load_app {

class fanout_board {
public:
    /// Most messages under way.
    static constexpr std::size_t capacity = 16'384;

    fanout_board();

    // The publisher's thread.
    /// Says whether the next message has a place: the one that it would replace has arrived.
    [[nodiscard]] bool has_room() const noexcept;
    /// The next message, and how many are to get it. Returns its number, from 0.
    std::uint64_t publish(time_point when, std::size_t receivers) noexcept;

    // Any thread.
    [[nodiscard]] std::uint64_t published() const noexcept {
        return published_.load(std::memory_order_acquire);
    }
    /// When a message under way left.
    [[nodiscard]] time_point when(std::uint64_t number) const noexcept {
        return time_point(clock::duration(place(number).when.load(std::memory_order_acquire)));
    }
    /// A receiver has it, or never will. True for the last one.
    bool arrived(std::uint64_t number) noexcept {
        return place(number).missing.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }

private:
    struct entry {
        std::atomic<clock::rep> when{0};
        std::atomic<std::size_t> missing{0};
    };

    [[nodiscard]] entry& place(std::uint64_t number) const noexcept {
        return entries_[number % capacity];
    }

    std::unique_ptr<entry[]> entries_;
    std::atomic<std::uint64_t> published_{0};
};

}  // namespace load_app
