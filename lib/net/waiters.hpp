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
#include <optional>
#include <utility>

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

}  // namespace websock::net
