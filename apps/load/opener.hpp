// Opens a part's connections: only so many handshakes under way at once, and so many a second.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>

#include "options.hpp"

namespace load_app {

class opener {
public:
    opener(boost::asio::io_context& context, const settings& chosen, std::size_t part_number);

    /// Calls `open_one` for 0 to `count` − 1, each when it is its turn, and `done` when all of them
    /// are settled. It may settle inside open_one.
    void start(std::size_t count, std::function<void(std::size_t)> open_one,
               std::function<void()> done);
    /// One has opened, or failed.
    void settled();
    /// Opens no more.
    void stop();

private:
    void go_on();
    [[nodiscard]] time_point turn_of(std::size_t index) const;

    const settings& chosen_;
    const std::size_t part_number_;
    const std::size_t most_;
    boost::asio::steady_timer timer_;
    std::function<void(std::size_t)> open_one_;
    std::function<void()> done_;
    time_point began_;
    std::size_t count_ = 0;
    std::size_t next_ = 0;
    std::size_t under_way_ = 0;
    bool busy_ = false;
};

}  // namespace load_app
