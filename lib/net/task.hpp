// The coroutine types of this layer: smaller and cheaper than asio::awaitable (DESIGN §6).
// `task<T>` is lazy and awaited by one other coroutine; `detached` is the root of a chain: it
// starts at once and frees itself. If an executor is destroyed while an operation is pending, the
// handler that would have resumed the chain destroys its root instead, and with it everything it
// owns.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "thread_memory.hpp"

namespace websock::net {

using boost::system::error_code;

/// Memory for what Asio keeps of one operation at a time, so that it need not be found each time.
class operation_memory {
public:
    void* allocate(std::size_t size) {
        if (size <= sizeof memory_ && !in_use_) {
            in_use_ = true;
            return memory_;
        }
        return ::operator new(size);
    }
    void deallocate(void* memory) noexcept {
        if (memory == memory_) {
            in_use_ = false;
        } else {
            ::operator delete(memory);
        }
    }

private:
    alignas(std::max_align_t) std::byte memory_[112];
    bool in_use_ = false;
};

/// The allocator of a handler whose operation uses an operation_memory.
template <class T>
class operation_allocator {
public:
    using value_type = T;

    explicit operation_allocator(operation_memory* memory) noexcept : memory_(memory) {}
    template <class U>
    operation_allocator(const operation_allocator<U>& other) noexcept  // NOLINT(*-explicit-*)
        : memory_(other.memory_) {}

    T* allocate(std::size_t n) { return static_cast<T*>(memory_->allocate(n * sizeof(T))); }
    void deallocate(T* memory, std::size_t) noexcept { memory_->deallocate(memory); }

    template <class U>
    bool operator==(const operation_allocator<U>& other) const noexcept {
        return memory_ == other.memory_;
    }

private:
    template <class U>
    friend class operation_allocator;

    operation_memory* memory_;
};

struct chain;

/// Sees to the end of an operation in place of the coroutine that awaits it.
class stand_in {
public:
    /// False: the coroutine shall resume. True: it goes on waiting, for an operation begun here.
    virtual bool take(chain& whole, const error_code& ec) noexcept = 0;

protected:
    ~stand_in() = default;
};

/// What all coroutines of a chain share. Only one of them awaits an operation at a time:
struct chain {
    std::coroutine_handle<> root;
    std::coroutine_handle<> awaiting;
    stand_in* instead = nullptr;  ///< of resuming it, if any
    error_code result;            ///< of the last operation
    bool beginning = false;       ///< an operation is being initiated
    operation_memory memory;
};

/// The root of a chain of coroutines. The coroutine must catch everything.
struct detached {
    struct promise_type {
        detached get_return_object() noexcept {
            whole.root = std::coroutine_handle<promise_type>::from_promise(*this);
            return {};
        }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
        [[nodiscard]] chain& its_chain() noexcept { return whole; }

        chain whole;
    };
};

namespace detail {

struct task_promise_base {
    struct resume_continuation {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
            return done.promise().continuation;
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    resume_continuation final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { exception = std::current_exception(); }
    void rethrow() const {
        if (exception) {
            std::rethrow_exception(exception);
        }
    }

    [[nodiscard]] chain& its_chain() noexcept { return *whole; }

    chain* whole = nullptr;
    std::coroutine_handle<> continuation;
    std::exception_ptr exception;
};

template <class T>
struct task_promise : task_promise_base {
    void return_value(T result) { value.emplace(std::move(result)); }
    T take() {
        rethrow();
        return std::move(*value);
    }
    std::optional<T> value;
};

template <>
struct task_promise<void> : task_promise_base {
    void return_void() const noexcept {}
    void take() const { rethrow(); }
};

}  // namespace detail

template <class T>
class [[nodiscard]] task {
public:
    struct promise_type : detail::task_promise<T> {
        task get_return_object() noexcept {
            return task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
    };

    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&&) = delete;
    ~task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        handle_.promise().whole = &awaiting.promise().its_chain();
        handle_.promise().continuation = awaiting;
        return handle_;
    }
    T await_resume() { return handle_.promise().take(); }

private:
    explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

    std::coroutine_handle<promise_type> handle_;
};

/// The completion handler of one asynchronous operation: resumes the coroutine that awaits it.
class resume_handler {
public:
    using allocator_type = operation_allocator<void>;

    explicit resume_handler(chain& whole) noexcept : whole_(&whole) {}
    resume_handler(resume_handler&& other) noexcept
        : whole_(std::exchange(other.whole_, nullptr)) {}
    resume_handler& operator=(resume_handler&&) = delete;
    ~resume_handler() {
        // Abandoned: the executor is being destroyed. Or the operation could not begin for want of
        // memory, and the exception is the coroutine's.
        if (whole_ != nullptr && !std::exchange(whole_->beginning, false)) {
            whole_->root.destroy();
        }
    }

    [[nodiscard]] allocator_type get_allocator() const noexcept {
        return allocator_type(&whole_->memory);
    }

    [[gnu::always_inline]] void operator()(const error_code& ec) {
        call_from_loop([&]() __attribute__((always_inline)) { resume(ec); });
    }

private:
    [[gnu::always_inline]] void resume(const error_code& ec) {
        chain& whole = *std::exchange(whole_, nullptr);
        if (whole.instead != nullptr && whole.instead->take(whole, ec)) {
            return;
        }
        whole.instead = nullptr;
        whole.result = ec;
        whole.awaiting.resume();
    }

    chain* whole_;
};

/// Initiates `which`. What that throws leaves the chain as it was.
template <class Operation>
void begin(Operation& which, chain& whole) {
    whole.beginning = true;
    which.start(resume_handler(whole));
    whole.beginning = false;
}

/// Base of the awaitable operations below: CRTP, `Operation::start(resume_handler)` initiates.
template <class Operation>
class operation {
public:
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) {
        whole_ = &awaiting.promise().its_chain();
        whole_->awaiting = awaiting;
        begin(static_cast<Operation&>(*this), *whole_);
    }
    error_code await_resume() const noexcept { return whole_->result; }

private:
    chain* whole_ = nullptr;
};

/// Waits until `socket` is ready for `kind`.
template <class Socket>
class wait_operation : public operation<wait_operation<Socket>> {
public:
    wait_operation(Socket& socket, typename Socket::wait_type kind) noexcept
        : socket_(socket), kind_(kind) {}
    void start(resume_handler handler) { socket_.async_wait(kind_, std::move(handler)); }

private:
    Socket& socket_;
    typename Socket::wait_type kind_;
};

/// Waits by `its.wait()`, again and again. After each wait `its.take_turn()` runs, which costs less
/// than to resume the coroutine: that goes on when a wait fails, or the turn returns false or
/// throws.
template <class Turns>
class repeated_wait final : public stand_in {
public:
    explicit repeated_wait(Turns& its) noexcept : its_(its), wait_(its.wait()) {}
    repeated_wait(repeated_wait&&) = delete;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) {
        wait_.await_suspend(awaiting);  // may throw, but completes later
        awaiting.promise().its_chain().instead = this;
    }
    error_code await_resume() {
        if (failed_) {
            std::rethrow_exception(failed_);
        }
        return wait_.await_resume();
    }

private:
    bool take(chain& whole, const error_code& ec) noexcept override {
        try {
            if (!ec && its_.take_turn()) {
                begin(wait_, whole);
                return true;
            }
        } catch (...) {
            failed_ = std::current_exception();
        }
        return false;
    }

    Turns& its_;
    decltype(std::declval<Turns&>().wait()) wait_;
    std::exception_ptr failed_;
};

/// Waits until `timer` expires or is cancelled.
template <class Timer>
class timer_operation : public operation<timer_operation<Timer>> {
public:
    explicit timer_operation(Timer& timer) noexcept : timer_(timer) {}
    void start(resume_handler handler) { timer_.async_wait(std::move(handler)); }

private:
    Timer& timer_;
};

/// Accepts a connection into `socket`.
template <class Acceptor, class Socket>
class accept_operation : public operation<accept_operation<Acceptor, Socket>> {
public:
    accept_operation(Acceptor& acceptor, Socket& socket) noexcept
        : acceptor_(acceptor), socket_(socket) {}
    void start(resume_handler handler) { acceptor_.async_accept(socket_, std::move(handler)); }

private:
    Acceptor& acceptor_;
    Socket& socket_;
};

/// Lets the executor's other work run first.
template <class Executor>
class yield_operation : public operation<yield_operation<Executor>> {
public:
    explicit yield_operation(const Executor& executor) noexcept : executor_(executor) {}
    void start(resume_handler handler) {
        boost::asio::post(executor_,
                          [handler = std::move(handler)]() mutable { handler(error_code()); });
    }

private:
    Executor executor_;
};

}  // namespace websock::net
