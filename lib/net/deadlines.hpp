// Deadlines of many sessions on one timer (DESIGN §6): no timer operation per message. A session
// asks for a check not later than some time; when it comes, it looks at its real deadlines, which
// may have moved on, and asks again.
#pragma once

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "task.hpp"

namespace websock::net {

using time_point = std::chrono::steady_clock::time_point;

/// Something with deadlines. It must leave its queue before it goes.
class deadline_target {
public:
    virtual void on_deadline(time_point now) = 0;

protected:
    ~deadline_target() = default;

private:
    template <class Executor>
    friend class deadline_queue;
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
    std::size_t place_ = nowhere;  // in the queue's heap
};

/// All of one executor's targets: use it on that executor only.
template <class Executor>
class deadline_queue : public std::enable_shared_from_this<deadline_queue<Executor>> {
public:
    using timer_type = boost::asio::basic_waitable_timer<
        std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

    explicit deadline_queue(const Executor& executor) : timer_(executor) {}

    /// Calls target.on_deadline at `when` or, if it is already scheduled, at the earlier of both.
    void schedule(deadline_target& target, time_point when) {
        when = std::max(when, not_before_);
        if (target.place_ == deadline_target::nowhere) {
            target.place_ = heap_.size();
            heap_.push_back({when, &target});
        } else if (when < heap_[target.place_].when) {
            heap_[target.place_].when = when;
        } else {
            return;
        }
        sift_up(target.place_);
        arm();
    }

    void remove(deadline_target& target) noexcept {
        if (target.place_ == deadline_target::nowhere) {
            return;
        }
        const std::size_t hole = std::exchange(target.place_, deadline_target::nowhere);
        const entry last = heap_.back();
        heap_.pop_back();
        if (hole < heap_.size()) {
            put(hole, last);
            sift_up(hole);
            sift_down(last.target->place_);
        }
        if (heap_.empty()) {
            armed_for_ = time_point::max();
            timer_.cancel();
        }
    }

private:
    struct entry {
        time_point when;
        deadline_target* target = nullptr;
    };

    void put(std::size_t place, entry e) noexcept {
        heap_[place] = e;
        e.target->place_ = place;
    }

    void sift_up(std::size_t place) noexcept {
        const entry e = heap_[place];
        while (place > 0 && e.when < heap_[(place - 1) / 2].when) {
            put(place, heap_[(place - 1) / 2]);
            place = (place - 1) / 2;
        }
        put(place, e);
    }

    void sift_down(std::size_t place) noexcept {
        const entry e = heap_[place];
        for (std::size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
            if (child + 1 < heap_.size() && heap_[child + 1].when < heap_[child].when) {
                ++child;
            }
            if (!(heap_[child].when < e.when)) {
                break;
            }
            put(place, heap_[child]);
            place = child;
        }
        put(place, e);
    }

    void arm() {
        if (heap_.empty() || heap_.front().when >= armed_for_) {
            return;
        }
        armed_for_ = heap_.front().when;
        timer_.expires_at(armed_for_);
        timer_.async_wait([weak = this->weak_from_this()](error_code ec) {
            if (const auto self = weak.lock(); self && !ec) {
                call_from_loop([&self] { self->sweep(); });
            }
        });
    }

    void sweep() {
        armed_for_ = time_point::max();
        const time_point now = std::chrono::steady_clock::now();
        // A target that asks for the past is checked again soon, but not in this loop.
        not_before_ = now + std::chrono::milliseconds(1);
        while (!heap_.empty() && heap_.front().when <= now) {
            deadline_target& due = *heap_.front().target;
            remove(due);
            due.on_deadline(now);
        }
        not_before_ = time_point::min();
        arm();
    }

    timer_type timer_;
    std::vector<entry> heap_;
    time_point armed_for_ = time_point::max();
    time_point not_before_ = time_point::min();
};

}  // namespace websock::net
