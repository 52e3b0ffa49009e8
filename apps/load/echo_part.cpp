#include "echo_part.hpp"

#include <algorithm>

#include "pace.hpp"
#include "raw_echo.hpp"
#include "ws_echo.hpp"

namespace load_app {
namespace {

constexpr std::size_t most_in_flight = 10'000;  // on a connection, in the open loop
// Before the replies, the deadlines and the main thread have their turn again.
constexpr std::size_t most_at_once = 1000;

}  // namespace

echo_part::echo_part(const settings& chosen, std::size_t number, const payload_set& messages)
    : part(chosen, number),
      messages_(messages),
      is_open_loop_(chosen.rate > 0),
      left_(chosen.count == 0 ? no_limit : share_of(chosen.count)),
      watch_timer_(context()),
      due_timer_(context()) {}

void echo_part::open() {
    if (chosen().server.is_raw()) {
        raw_ = std::make_unique<raw_dialer>(context(), chosen());
    }
    for (std::size_t i = 0; i < share(); ++i) {
        const std::size_t index = global_index(i);
        connections_.push_back(raw_ ? raw_->make_echo(*this, index)
                                    : std::make_unique<ws_echo>(*this, index));
    }
    gate().start(
        connections_.size(), [this](std::size_t i) { connections_[i]->open(); },
        [this] { live().opened = true; });
}

void echo_part::begin(const timetable& times) {
    times_ = times;
    keep_watch();
    due_timer_.expires_at(times_.start);
    due_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            start_sending();
        }
    });
}

void echo_part::stop() {
    gate().stop();
    times_.end = time_point::min();  // nor what is overdue
    finish_if_done(clock::now());
}

echo_part::~echo_part() { halt(); }

void echo_part::close() {
    if (is_open_loop() && !is_over(due_) && status().open.load(std::memory_order_relaxed) > 0) {
        failed(behind, behind_text);
    }
    due_timer_.cancel();
    watch_timer_.cancel();
    for (const auto& each : connections_) {
        each->close();
    }
    closing();
}

void echo_part::lost(std::size_t outstanding) {
    in_flight_ -= outstanding;
    finish_if_done(clock::now());
}

void echo_part::finish_if_done(time_point now) {
    if (now < times_.start) {
        return;
    }
    const bool nobody = status().open.load(std::memory_order_relaxed) == 0;
    const bool all_sent = is_over(now) && (!is_open_loop() || is_over(due_));
    if (in_flight_ == 0 && (nobody || all_sent)) {
        live().finished = true;
    }
}

// ---- sending

void echo_part::start_sending() {
    if (is_open_loop()) {
        due_ = due_at(0, 0);
        send_due();
        return;
    }
    for (const auto& each : connections_) {
        for (std::size_t i = 0; i < chosen().depth && each->is_open(); ++i) {
            const time_point now = clock::now();
            if (!take_turn(now)) {
                break;
            }
            each->send(now);
        }
    }
    finish_if_done(clock::now());
}

// One timer a thread: whatever is due by now leaves now. A rate that is beyond this machine leaves
// ever more due: the timer, already expired, sees to the rest.
void echo_part::send_due() {
    const time_point now = clock::now();
    for (std::size_t n = 0; n < most_at_once && due_ <= now && !is_over(due_); ++n) {
        if (echo_connection& connection = *connections_[due_index_]; connection.is_open()) {
            send_one(connection);
        }
        schedule_next();
    }
    if (!is_over(due_)) {
        wait_for_due();
    }
    finish_if_done(now);
}

void echo_part::send_one(echo_connection& connection) {
    if (connection.in_flight() >= most_in_flight) {
        failed("overrun", "10000 replies outstanding on a connection: message not sent");
    } else if (take_turn(due_)) {
        connection.send(due_);
    }
}

void echo_part::schedule_next() {
    if (++due_index_ == connections_.size()) {
        due_index_ = 0;
        ++due_round_;
    }
    due_ = due_at(due_index_, due_round_);
}

// The messages of all parts take turns: evenly spread over time, and over the connections.
time_point echo_part::due_at(std::size_t index, std::uint64_t round) const {
    return turn_at(times_.start, global_index(index) + round * chosen().connections, chosen().rate);
}

void echo_part::wait_for_due() {
    due_timer_.expires_at(due_);
    due_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            send_due();
        }
    });
}

// ---- replies that do not come

void echo_part::keep_watch() {
    const auto interval = std::clamp<clock::duration>(
        chosen().timeout / 20, std::chrono::milliseconds(10), std::chrono::milliseconds(500));
    const time_point now = clock::now();
    const time_point next = now + interval;
    watch_timer_.expires_at(now < times_.end ? std::min(next, times_.end) : next);
    watch_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            watch(clock::now());
            keep_watch();
        }
    });
}

void echo_part::watch(time_point now) {
    for (const auto& each : connections_) {
        const auto oldest = each->oldest();
        if (oldest && now - *oldest > chosen().timeout && each->is_open()) {
            failed("timeout", "a reply did not come in time; the connection is given up");
            each->give_up();
        }
    }
    finish_if_done(now);
}

}  // namespace load_app
