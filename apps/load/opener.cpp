#include "opener.hpp"

#include <algorithm>
#include <utility>

#include "pace.hpp"

namespace load_app {
namespace {

constexpr std::size_t most_under_way = 64;  // of all parts

}  // namespace

opener::opener(boost::asio::io_context& context, const settings& chosen, std::size_t part_number)
    : chosen_(chosen),
      part_number_(part_number),
      most_(std::max<std::size_t>(most_under_way / chosen.threads, 1)),
      timer_(context) {}

void opener::start(std::size_t count, std::function<void(std::size_t)> open_one,
                   std::function<void()> done) {
    count_ = count;
    open_one_ = std::move(open_one);
    done_ = std::move(done);
    began_ = clock::now();
    go_on();
}

void opener::settled() {
    --under_way_;
    go_on();
}

void opener::stop() {
    count_ = next_;
    timer_.cancel();
    go_on();
}

void opener::go_on() {
    if (busy_) {
        return;
    }
    busy_ = true;
    while (next_ < count_ && under_way_ < most_) {
        if (const time_point turn = turn_of(next_); turn > clock::now()) {
            timer_.expires_at(turn);
            timer_.async_wait([this](const boost::system::error_code& ec) {
                if (!ec) {
                    go_on();
                }
            });
            break;
        }
        ++under_way_;
        open_one_(next_++);
    }
    busy_ = false;
    if (next_ == count_ && under_way_ == 0 && done_) {
        std::exchange(done_, nullptr)();
    }
}

time_point opener::turn_of(std::size_t index) const {
    if (chosen_.ramp <= 0) {
        return began_;
    }
    return turn_at(began_, part_number_ + index * chosen_.threads, chosen_.ramp);
}

}  // namespace load_app
