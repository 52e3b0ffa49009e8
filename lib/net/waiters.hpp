// Operations that wait on a session's memory rather than on its socket (DESIGN §3.7): completed in
// the order in which they came, or cancelled one by one without loss. On the strand only.
#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "driver.hpp"

namespace websock::net {

/// Completes `handler` on its own executor, or on `fallback` if it has none: at once when the
/// caller runs there already.
template <class Handler, class... Results>
void complete(Handler handler, const boost::asio::any_io_executor& fallback, Results... results) {
    const auto executor = boost::asio::get_associated_executor(handler, fallback);
    boost::asio::dispatch(
        executor, [handler = std::move(handler), ... results = std::move(results)]() mutable {
            std::move(handler)(std::move(results)...);
        });
}

struct no_load {};

/// An operation under way: its handler, what it carries, and the promise to its executor that a
/// completion will come.
template <class Handler, class Load = no_load>
struct waiter {
    waiter(std::uint64_t number, Handler to_complete, Load carried,
           const boost::asio::any_io_executor& fallback)
        : id(number),
          work(boost::asio::get_associated_executor(to_complete, fallback)),
          handler(std::move(to_complete)),
          load(std::move(carried)) {}

    std::uint64_t id;
    boost::asio::executor_work_guard<boost::asio::any_completion_executor> work;
    Handler handler;
    [[no_unique_address]] Load load;
};

template <class Handler, class Load = no_load>
class waiter_list {
public:
    [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }

    void add(waiter<Handler, Load> one) { waiters_.push_back(std::move(one)); }

    [[nodiscard]] Load& front_load() noexcept { return waiters_.front().load; }

    /// Completes the first one.
    template <class... Results>
    void complete_front(const boost::asio::any_io_executor& fallback, Results... results) {
        waiter<Handler, Load> first = std::move(waiters_.front());
        waiters_.pop_front();
        complete(std::move(first.handler), fallback, std::move(results)...);
    }

    /// Takes out the one with that number, if it still waits.
    [[nodiscard]] std::optional<waiter<Handler, Load>> remove(std::uint64_t id) {
        for (auto it = waiters_.begin(); it != waiters_.end(); ++it) {
            if (it->id == id) {
                std::optional<waiter<Handler, Load>> removed(std::move(*it));
                waiters_.erase(it);
                return removed;
            }
        }
        return std::nullopt;
    }

private:
    std::list<waiter<Handler, Load>> waiters_;
};

/// The receives that wait, in their order.
class receive_list {
public:
    [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }

    void add(waiting_receive& one) noexcept {
        one.behind = nullptr;
        *end_ = &one;
        end_ = &one.behind;
    }

    [[nodiscard]] waiting_receive& pop() noexcept {
        waiting_receive& first = *front_;
        unlink(&front_);
        return first;
    }

    /// Takes out the one with that number; none if it waits no more.
    [[nodiscard]] waiting_receive* remove(std::uint64_t id) noexcept {
        for (waiting_receive** link = &front_; *link != nullptr; link = &(*link)->behind) {
            if ((*link)->id == id) {
                waiting_receive* const found = *link;
                unlink(link);
                return found;
            }
        }
        return nullptr;
    }

    receive_list() noexcept = default;
    receive_list(const receive_list&) = delete;
    receive_list& operator=(const receive_list&) = delete;

private:
    void unlink(waiting_receive** link) noexcept {
        if (end_ == &(*link)->behind) {
            end_ = link;
        }
        *link = (*link)->behind;
    }

    waiting_receive* front_ = nullptr;
    waiting_receive** end_ = &front_;
};

/// A receive with a completion handler of any kind.
class handler_receive final : public waiting_receive {
public:
    handler_receive(receive_handler handler, const boost::asio::any_io_executor& fallback)
        : waiting_(0, std::move(handler), {}, fallback), fallback_(fallback) {}

    void deliver(message&& next) override {
        complete(error_code(), std::optional<message>(std::move(next)));
    }
    void end(error_code ec) override { complete(ec, std::nullopt); }
    void abandon() noexcept override { delete this; }

private:
    void complete(error_code ec, std::optional<message> next) {
        const std::unique_ptr<handler_receive> self(this);
        net::complete(std::move(waiting_.handler), fallback_, ec, std::move(next));
    }

    waiter<receive_handler> waiting_;
    boost::asio::any_io_executor fallback_;
};

/// Completes a receive that has been taken out of its list, if it is called; abandons it if not.
class receive_completion {
public:
    receive_completion(waiting_receive& taken, error_code ec, std::optional<message> next) noexcept
        : taken_(&taken), ec_(ec), next_(std::move(next)) {}
    receive_completion(receive_completion&& other) noexcept
        : taken_(std::exchange(other.taken_, nullptr)),
          ec_(other.ec_),
          next_(std::move(other.next_)) {}
    receive_completion& operator=(receive_completion&&) = delete;
    ~receive_completion() {
        if (taken_ != nullptr) {
            taken_->abandon();
        }
    }

    void operator()() {
        waiting_receive& taken = *std::exchange(taken_, nullptr);
        if (next_) {
            taken.deliver(*std::move(next_));
        } else {
            taken.end(ec_);
        }
    }

private:
    waiting_receive* taken_;
    error_code ec_;
    std::optional<message> next_;
};

}  // namespace websock::net
