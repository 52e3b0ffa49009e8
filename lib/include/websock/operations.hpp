// What `connection::receive` and `send` give: operations of Asio that have not begun. Awaited in an
// asio::awaitable they cost no coroutine of their own: they are ready at once where nothing need be
// waited for, and a receive that waits does so in the frame of the coroutine that awaits it.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <websock/error.hpp>
#include <websock/message.hpp>
#include <websock/operation_state.hpp>

// `||` and `&&` of Asio's awaitable_operators.hpp are for awaitables. Wherever that header is
// included, they are for these operations too: a type that names something of the operators'
// namespace lets the compiler look for them there.
namespace boost::asio::experimental::awaitable_operators {
struct websock_is_here;
}

namespace websock {

namespace net {
class driver;
}

/// Anything of Asio can be awaited in a handler.
template <class T>
using awaitable = boost::asio::awaitable<T>;

template <class T, class Namespace>
struct awaitable_with_operators : awaitable<T> {
    explicit awaitable_with_operators(awaitable<T> whole) : awaitable<T>(std::move(whole)) {}
};

/// What has not begun, and can be combined with what else can be awaited.
class combinable {
    template <class T>
    static decltype(auto) awaited(T&& what) {
        if constexpr (std::derived_from<T, combinable>) {
            using boost::asio::experimental::awaitable_operators::websock_is_here;
            return awaitable_with_operators<typename T::value_type, websock_is_here>(
                std::forward<T>(what));
        } else {
            return std::forward<T>(what);
        }
    }

    template <class A, class B>
        requires std::derived_from<A, combinable> || std::derived_from<B, combinable>
    friend auto operator||(A&& a, B&& b) {
        return awaited(std::forward<A>(a)) || awaited(std::forward<B>(b));
    }
    template <class A, class B>
        requires std::derived_from<A, combinable> || std::derived_from<B, combinable>
    friend auto operator&&(A&& a, B&& b) {
        return awaited(std::forward<A>(a)) && awaited(std::forward<B>(b));
    }
};

/// A receive that has not begun: `co_await` it, give it a completion token for void(error_code,
/// std::optional<message>), combine it with `||` or `&&` (of Asio's awaitable_operators.hpp), spawn
/// it, or turn it into an awaitable. It begins when it is awaited. Until it is awaited or turned
/// into something else, the connection's handle must live.
class [[nodiscard]] receive_operation : public combinable {
public:
    using value_type = std::optional<message>;
    using signature = void(error_code, std::optional<message>);

    /// Made by connection::receive.
    explicit receive_operation(const std::shared_ptr<net::driver>& from) noexcept
        : driver_(&from) {}

    template <boost::asio::completion_token_for<signature> CompletionToken>
    auto operator()(CompletionToken&& token) && {
        return boost::asio::async_initiate<CompletionToken, signature>(
            [](auto handler, const std::shared_ptr<net::driver>& from) {
                start(*from, std::move(handler));
            },
            token, *driver_);
    }
    operator awaitable<std::optional<message>>() &&;  // NOLINT(*-explicit-*)
    /// For co_spawn.
    awaitable<std::optional<message>> operator()() { return std::move(*this); }

private:
    friend class awaited_receive;  // NOLINT(*-virtual-class-destructor): final
    using any_handler = boost::asio::any_completion_handler<signature>;

    static void start(net::driver& from, any_handler handler);

    const std::shared_ptr<net::driver>* driver_;  // the handle's
};

/// A send that has not begun: as receive_operation, with a token for void(error_code).
class [[nodiscard]] send_operation : public combinable {
public:
    using value_type = void;
    using signature = void(error_code);

    /// Made by connection::send.
    send_operation(const std::shared_ptr<net::driver>& to, message&& whole,
                   send_options how) noexcept
        : driver_(&to), whole_(std::move(whole)), how_(how) {}
    send_operation(send_operation&&) noexcept = default;
    send_operation& operator=(send_operation&&) noexcept = default;
    send_operation(const send_operation&) = delete;
    send_operation& operator=(const send_operation&) = delete;
    ~send_operation() = default;

    template <boost::asio::completion_token_for<signature> CompletionToken>
    auto operator()(CompletionToken&& token) && {
        return boost::asio::async_initiate<CompletionToken, signature>(
            [](auto handler, const std::shared_ptr<net::driver>& to, message whole,
               send_options how) { start(*to, std::move(whole), how, std::move(handler)); },
            token, *driver_, std::move(whole_), how_);
    }
    operator awaitable<void>() &&;  // NOLINT(*-explicit-*)
    /// For co_spawn.
    awaitable<void> operator()() { return std::move(*this); }

    /// Sends now if that needs no waiting.
    [[nodiscard]] send_outcome try_now();

private:
    using any_handler = boost::asio::any_completion_handler<signature>;

    static void start(net::driver& to, message whole, send_options how, any_handler handler);

    const std::shared_ptr<net::driver>* driver_;  // the handle's
    message whole_;
    send_options how_;
};

/// A receive under way, in the frame of the coroutine that awaits it. Where that coroutine runs on
/// the connection's own executor, it resumes straight from the read loop.
class awaited_receive final : public waiting_receive {
public:
    explicit awaited_receive(const receive_operation& begun) noexcept
        : driver_(begun.driver_->get()) {}
    awaited_receive(const awaited_receive&) = delete;
    awaited_receive& operator=(const awaited_receive&) = delete;
    ~awaited_receive() = default;

    /// Takes what is there: a message, or the end.
    [[nodiscard]] bool try_now();

    /// Waits, and calls `handler`, which owns the coroutine.
    template <class Handler>
    void start(Handler handler) {
        static_assert(sizeof(Handler) <= sizeof memory_);
        if (!wait_here(handler.get_executor(), handler.get_cancellation_slot())) {
            wait_elsewhere(elsewhere<Handler>{*this, std::move(handler)});
            return;
        }
        new (memory_) Handler(std::move(handler));
        finish_ = [](awaited_receive& self, bool resume) {
            auto* const held = std::launder(reinterpret_cast<Handler*>(self.memory_));
            Handler last(std::move(*held));  // its end is the coroutine's, and so this one's
            held->~Handler();
            if (resume) {
                std::move(last)();
            }
        };
    }

    [[nodiscard]] std::optional<message> result() {
        if (ec_) {
            throw boost::system::system_error(ec_);
        }
        return std::move(next_);
    }

    void deliver(message&& next) override {
        next_.emplace(std::move(next));
        finish_(*this, true);
    }
    void end(error_code ec) override {
        ec_ = ec;
        finish_(*this, true);
    }
    void abandon() noexcept override { finish_(*this, false); }

private:
    // Of a coroutine on another executor than the connection's.
    template <class Handler>
    struct elsewhere {
        using executor_type = typename Handler::executor_type;
        using cancellation_slot_type = typename Handler::cancellation_slot_type;

        executor_type get_executor() const noexcept { return handler.get_executor(); }
        cancellation_slot_type get_cancellation_slot() const noexcept {
            return handler.get_cancellation_slot();
        }
        void operator()(error_code ec, std::optional<message> next) {
            self.ec_ = ec;
            self.next_ = std::move(next);
            std::move(handler)();
        }

        awaited_receive& self;
        Handler handler;
    };

    bool wait_here(const boost::asio::any_io_executor& runs_on,
                   boost::asio::cancellation_slot cancelled_by);
    void wait_elsewhere(receive_operation::any_handler handler);

    net::driver* driver_;  // used only until it waits: the handle may go
    bool on_strand_ = false;
    error_code ec_;
    std::optional<message> next_;
    void (*finish_)(awaited_receive&, bool resume) = nullptr;
    alignas(std::max_align_t) std::byte memory_[32];
};

}  // namespace websock

// How an asio::awaitable awaits these operations: as any other, but for not suspending where it
// need not. (Completing an operation in its own initiation would nest the coroutine's pump.)
namespace boost::asio::detail {

template <class Signature, class Executor>
class awaitable_async_op<Signature, websock::receive_operation, Executor> {
public:
    template <class... Location>
    awaitable_async_op(websock::receive_operation&& op, awaitable_frame_base<Executor>* frame,
                       const Location&... location)
        : receive_(op), wait_(std::move(begin_), frame, location...) {}

    [[nodiscard]] bool await_ready() { return receive_.try_now(); }
    void await_suspend(std::coroutine_handle<> awaiting) { wait_.await_suspend(awaiting); }
    [[nodiscard]] std::optional<websock::message> await_resume() { return receive_.result(); }

private:
    struct initiation {
        template <class Handler>
        void operator()(Handler handler) {
            receive.start(std::move(handler));
        }
        websock::awaited_receive& receive;
    };

    websock::awaited_receive receive_;
    initiation begin_{receive_};
    awaitable_async_op<void(), initiation, Executor> wait_;
};

template <class Signature, class Executor>
class awaitable_async_op<Signature, websock::send_operation, Executor> {
public:
    template <class... Location>
    awaitable_async_op(websock::send_operation&& op, awaitable_frame_base<Executor>* frame,
                       const Location&... location)
        : send_(std::move(op)), wait_(std::move(begin_), frame, location...) {}

    [[nodiscard]] bool await_ready() {
        outcome_ = send_.try_now();
        return outcome_ != outcome::must_wait;
    }
    void await_suspend(std::coroutine_handle<> awaiting) { wait_.await_suspend(awaiting); }
    void await_resume() {
        if (outcome_ == outcome::must_wait) {
            wait_.await_resume();
        } else if (outcome_ == outcome::closed) {
            throw boost::system::system_error(websock::error::closed);
        }
    }

private:
    using outcome = websock::send_outcome;

    struct initiation {
        template <class Handler>
        void operator()(Handler handler) {
            std::move(send)(std::move(handler));
        }
        websock::send_operation& send;
    };

    websock::send_operation send_;
    initiation begin_{send_};
    awaitable_async_op<Signature, initiation, Executor> wait_;
    outcome outcome_ = outcome::must_wait;
};

}  // namespace boost::asio::detail
