#include "fanout_board.hpp"

namespace load_app {

fanout_board::fanout_board() : entries_(std::make_unique<entry[]>(capacity)) {}

bool fanout_board::has_room() const noexcept {
    return place(published()).missing.load(std::memory_order_acquire) == 0;
}

std::uint64_t fanout_board::publish(time_point when, std::size_t receivers) noexcept {
    const std::uint64_t number = published();
    place(number).when.store(when.time_since_epoch().count(), std::memory_order_release);
    place(number).missing.store(receivers, std::memory_order_release);
    published_.store(number + 1, std::memory_order_release);
    return number;
}

}  // namespace load_app
