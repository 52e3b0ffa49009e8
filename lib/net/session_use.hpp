// session: what users ask for, from any thread.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>

#include "session.hpp"
#include "thread_memory.hpp"

namespace websock::net {

template <byte_stream Stream>
bool session<Stream>::on_strand() const noexcept {
    return strand_.running_in_this_thread();
}

// on_strand(); asking whose handlers this thread runs is cheaper, and nearly always enough.
template <byte_stream Stream>
[[gnu::always_inline]] inline bool session<Stream>::runs_here() const noexcept {
    return this_thread().pumping == this || on_strand();
}

template <byte_stream Stream>
close_info session<Stream>::info() const {
    return ended_.load(std::memory_order_acquire) ? end_ : close_info();
}

template <byte_stream Stream>
template <class Function>
void session<Stream>::on_own_strand(Function function) {
    if (on_strand()) {
        function();
    } else {
        boost::asio::post(strand_, std::move(function));
    }
}

// Lets the operation's cancellation slot reach the waiting operation: at once when that is asked
// for on the strand, so that no message can be handed to an operation whose result nobody looks at.
// What the slot keeps does not keep the session.
template <byte_stream Stream>
template <class Handler, class Cancel>
void session<Stream>::bind_cancellation(Handler& handler, Cancel cancel) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (!slot.is_connected()) {
        return;
    }
    slot.assign([weak = weak_from_this(), cancel](boost::asio::cancellation_type) {
        if (const auto alive = std::static_pointer_cast<session>(weak.lock())) {
            alive->on_own_strand([alive, cancel] { cancel(*alive); });
        }
    });
}

// Completes an operation that need not wait; not from inside its initiation: that is Asio's rule,
// and the way to a bounded stack.
template <byte_stream Stream>
template <class Waiter, class... Results>
void session<Stream>::post_completion(Waiter waiting, Results... results) {
    boost::asio::post(strand_, [self = self(), waiting = std::move(waiting),
                                ... results = std::move(results)]() mutable {
        complete(std::move(waiting.handler), self->executor_, std::move(results)...);
    });
}

// ---- receive

template <byte_stream Stream>
void session<Stream>::async_receive(receive_handler handler) {
    const std::uint64_t id = next_id();
    bind_cancellation(handler, [id](session& s) { s.cancel_receive(id); });
    on_own_strand([self = self(), id, handler = std::move(handler)]() mutable {
        self->start_receive(id, std::move(handler));
    });
}

template <byte_stream Stream>
void session<Stream>::start_receive(std::uint64_t id, receive_handler handler) {
    auto waiting = std::make_unique<handler_receive>(std::move(handler), executor_);
    waiting->id = id;
    std::optional<message> next;
    if (take_next(next)) {
        post_receive(*waiting.release(), error_code(), std::move(next));
    } else {
        receivers_.add(*waiting.release());
    }
}

template <byte_stream Stream>
void session<Stream>::wait_for_message(waiting_receive& waiting) {
    receivers_.add(waiting);
}

template <byte_stream Stream>
void session<Stream>::wait_for_message(receive_handler handler) {
    const std::uint64_t id = next_id();
    bind_cancellation(handler, [id](session& s) { s.cancel_receive(id); });
    auto waiting = std::make_unique<handler_receive>(std::move(handler), executor_);
    waiting->id = id;
    receivers_.add(*waiting.release());
}

template <byte_stream Stream>
void session<Stream>::cancel_receive(std::uint64_t id) {
    on_own_strand([self = self(), id] {
        if (waiting_receive* const waiting = self->receivers_.remove(id)) {
            self->post_receive(*waiting, boost::asio::error::operation_aborted, std::nullopt);
        }
    });
}

template <byte_stream Stream>
void session<Stream>::post_receive(waiting_receive& taken, error_code ec,
                                   std::optional<message> next) {
    boost::asio::post(strand_,
                      [self = self(), completion = receive_completion(
                                          taken, ec, std::move(next))]() mutable { completion(); });
}

template <byte_stream Stream>
receive_outcome session<Stream>::receive_now(std::optional<message>& next) {
    if (!runs_here()) {
        return receive_outcome::elsewhere;
    }
    return take_next(next) ? receive_outcome::received : receive_outcome::must_wait;
}

template <byte_stream Stream>
[[gnu::always_inline]] inline bool session<Stream>::take_next(std::optional<message>& next) {
    if (outstanding_ > 0) {
        --outstanding_;
    }
    if (receivers_.empty() && !inbox_.empty()) {
        ++outstanding_;
        next.emplace(inbox_.pop());
        handler_may_be_idle();
        return true;
    }
    if (!ended_.load(std::memory_order_relaxed) || !inbox_.empty()) {
        handler_may_be_idle();
        return false;
    }
    return true;
}

// Reading, or our Close, may have waited for what the handler has just done.
template <byte_stream Stream>
void session<Stream>::handler_may_be_idle() {
    if (!pumping_ && (obstacle_ != obstacle::none || hold_ || drain_request_) &&
        (!must_sleep() || drain_request_)) {
        wake();
    }
}

// ---- send

template <byte_stream Stream>
send_outcome session<Stream>::send_now(message& whole, send_options how) {
    return runs_here() ? send_or_wait(whole, how) : send_outcome::must_wait;
}

template <byte_stream Stream>
[[gnu::always_inline]] inline send_outcome session<Stream>::send_or_wait(message& whole,
                                                                         send_options how) {
    if (!endpoint_.can_send() || stage_ != stage::open) {
        return send_outcome::closed;
    }
    if (!senders_.empty() || endpoint_.output_size() > options().outbox_high_water) {
        return send_outcome::must_wait;
    }
    borrow_memory();
    if (whole.size() <= websock::detail::message_memory::largest) {
        endpoint_.queue(whole, how);
        this_thread().messages.put(std::move(whole));
    } else {
        static_cast<void>(endpoint_.send(std::move(whole), how));  // can_send() has been asked
    }
    after_send();
    return send_outcome::queued;
}

// Output is written at once, or by the pump under which the handler runs, before it grows large.
template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::after_send() {
    constexpr std::size_t batch_limit = 64 * 1024;
    if (!pumping_ || endpoint_.output_size() >= batch_limit) {
        flush();
    }
}

template <byte_stream Stream>
void session<Stream>::async_send(message whole, send_options how, done_handler handler) {
    const std::uint64_t id = next_id();
    bind_cancellation(handler, [id](session& s) {
        if (auto waiting = s.senders_.remove(id)) {
            s.post_completion(*std::move(waiting),
                              make_error_code(boost::asio::error::operation_aborted));
        }
    });
    outgoing load{std::move(whole), how};
    on_own_strand(
        [self = self(), id, load = std::move(load), handler = std::move(handler)]() mutable {
            self->start_send(id, std::move(load), std::move(handler));
        });
}

template <byte_stream Stream>
void session<Stream>::start_send(std::uint64_t id, outgoing load, done_handler handler) {
    const send_outcome outcome = send_or_wait(load.whole, load.how);
    waiter<done_handler, outgoing> waiting(id, std::move(handler), std::move(load), executor_);
    if (outcome == send_outcome::must_wait) {
        senders_.add(std::move(waiting));
        return;
    }
    post_completion(std::move(waiting), outcome == send_outcome::closed
                                            ? make_error_code(error::closed)
                                            : error_code());
}

// Lets waiting sends in, in their order, while there is room.
template <byte_stream Stream>
void session<Stream>::release_senders() {
    while (!senders_.empty() && endpoint_.can_send() &&
           endpoint_.output_size() <= options().outbox_high_water / 2) {
        outgoing& next = senders_.front_load();
        static_cast<void>(endpoint_.send(std::move(next.whole), next.how));
        senders_.complete_front(executor_, error_code());
    }
}

template <byte_stream Stream>
error_code session<Stream>::try_send(const message_view& view, send_options how) {
    if (this_thread().pumping == this) {
        return send_view(view, how);
    }
    if (!is_open()) {  // perhaps its executor is gone, too
        return error::closed;
    }
    return on_strand() ? send_view(view, how) : post_view(view, how);
}

// What a message on its way to the strand counts, as long as it is there.
class posted_view {
public:
    posted_view(std::atomic<std::size_t>& sum, std::size_t size)
        : cost_(size + inbox::overhead), sum_(&sum) {
        sum_->fetch_add(cost_, std::memory_order_relaxed);
    }
    posted_view(posted_view&& other) noexcept
        : cost_(other.cost_), sum_(std::exchange(other.sum_, nullptr)) {}
    posted_view& operator=(posted_view&&) = delete;
    ~posted_view() {
        if (sum_ != nullptr) {
            sum_->fetch_sub(cost_, std::memory_order_relaxed);
        }
    }

private:
    std::size_t cost_;
    std::atomic<std::size_t>* sum_;
};

template <byte_stream Stream>
error_code session<Stream>::post_view(const message_view& view, send_options how) {
    const std::size_t queued = queued_bytes_.load(std::memory_order_relaxed) +
                               posted_bytes_.load(std::memory_order_relaxed);
    if (queued > 0 && queued + view.size() > options().max_outbox_size) {
        return error::outbox_full;
    }
    posted_view posted(posted_bytes_, view.size());
    boost::asio::post(strand_, [self = self(), posted = std::move(posted),
                                whole = view.to_message(), how]() mutable {
        const posted_view arrived = std::move(posted);
        if (self->stage_ == stage::open && self->endpoint_.can_send()) {
            self->borrow_memory();
            static_cast<void>(self->endpoint_.send(std::move(whole), how));
            self->after_send();
        }
    });
    return {};
}

template <byte_stream Stream>
[[gnu::always_inline]] inline error_code session<Stream>::send_view(const message_view& view,
                                                                    send_options how) {
    if (stage_ != stage::open || !endpoint_.can_send()) {
        return error::closed;
    }
    const std::size_t queued = endpoint_.output_size();
    if (queued > 0 && queued + view.size() > options().max_outbox_size) {
        return error::outbox_full;
    }
    borrow_memory();
    constexpr std::size_t lend_limit = 16 * 1024;
    if (view.size() >= lend_limit && !write_blocked_ && endpoint_.can_send_lent()) {
        lend(view);
    } else {
        endpoint_.queue(view, how);
        after_send();
    }
    return {};
}

// Output of its own memory only where the thread's is in use.
template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::borrow_memory() {
    if (!pumping_) {
        endpoint_.borrow_memory(this_thread().outbox);
    }
}

// A large payload goes to the socket from where it is; only what the socket refuses is copied.
template <byte_stream Stream>
void session<Stream>::lend(const message_view& view) {
    endpoint_.send_lent(view);
    try {
        flush();
        endpoint_.own_lent();
    } catch (...) {  // the view must not be looked at any more
        abort(error::shut_down);
        throw;
    }
}

template <byte_stream Stream>
error_code session<Stream>::try_ping(std::string_view payload) {
    if (payload.size() > protocol::max_control_payload) {
        return error::bad_argument;
    }
    if (!is_open()) {
        return error::closed;
    }
    on_own_strand([self = self(), payload = std::string(payload)] {
        if (self->stage_ == stage::open &&
            !self->endpoint_.ping(std::as_bytes(std::span(payload)))) {
            self->after_send();
        }
    });
    return {};
}

// ---- close

// RFC 6455 §7.4.1: 1005 "MUST NOT be set as a status code in a Close control frame": it stands for
// an empty one. Other codes that may not be sent are the caller's mistake.
// [6455-7.4.1-1, 6455-7.4.1-2, 6455-7.4.1-3]
[[nodiscard]] inline bool can_be_sent(const close_reason& reason) noexcept {
    return is_sendable(reason.code()) || reason.code() == close_code::no_status;
}

template <byte_stream Stream>
void session<Stream>::async_close(close_reason reason, done_handler handler) {
    const std::uint64_t id = next_id();
    bind_cancellation(handler, [id](session& s) {
        if (auto waiting = s.closers_.remove(id)) {
            s.post_completion(*std::move(waiting),
                              make_error_code(boost::asio::error::operation_aborted));
        }
    });
    on_own_strand(
        [self = self(), id, reason = std::move(reason), handler = std::move(handler)]() mutable {
            self->start_close(id, reason, std::move(handler));
        });
}

template <byte_stream Stream>
void session<Stream>::start_close(std::uint64_t id, const close_reason& reason,
                                  done_handler handler) {
    waiter<done_handler> waiting(id, std::move(handler), {}, executor_);
    if (!can_be_sent(reason)) {
        post_completion(std::move(waiting), make_error_code(error::bad_argument));
    } else if (ended_.load(std::memory_order_relaxed)) {
        post_completion(std::move(waiting), error_code());
    } else {
        closers_.add(std::move(waiting));
        close_now(reason);
    }
}

template <byte_stream Stream>
void session<Stream>::request_close(close_reason reason) {
    if (ended_.load(std::memory_order_acquire)) {
        return;
    }
    if (!can_be_sent(reason)) {
        reason = close_reason();
    }
    on_own_strand([self = self(), reason = std::move(reason)] { self->close_now(reason); });
}

template <byte_stream Stream>
void session<Stream>::request_drain(close_reason reason) {
    on_own_strand([self = self(), reason = std::move(reason)] {
        if (self->stage_ == stage::opening) {
            self->abort(error::shut_down);
        } else if (self->stage_ == stage::open && self->endpoint_.can_send()) {
            self->drain_request_ = std::make_unique<close_reason>(reason);
            if (self->options().close_timeout.count() > 0) {
                self->hold_deadline_ =
                    std::chrono::steady_clock::now() + self->options().close_timeout;
            }
            self->arm();
            self->wake();
        }
    });
}

template <byte_stream Stream>
void session<Stream>::close_now(const close_reason& reason) {
    if (stage_ != stage::open) {
        return;
    }
    endpoint_.close(reason);
    hold_ = false;  // whoever closes has said all
    hold_deadline_ = time_point::max();
    open_.store(endpoint_.can_send(), std::memory_order_release);
    while (!senders_.empty()) {
        // [6455-6.1-3]
        senders_.complete_front(executor_, make_error_code(error::closed));
    }
    if (!pumping_) {
        flush();
        arm();
        wake();  // the end may be there already
    }
}

template <byte_stream Stream>
void session<Stream>::handler_done(std::exception_ptr exception) {
    on_own_strand([self = self(), exception] {
        self->handler_running_ = false;
        self->outstanding_ = 0;
        self->inbox_.clear();
        if (exception) {
            self->close_after_exception(exception);
        } else {
            self->close_now(close_reason());
        }
    });
}

// DESIGN §3.10: a handler's fault is its own.
template <byte_stream Stream>
void session<Stream>::close_after_exception(const std::exception_ptr& exception) {
    if (stage_ != stage::open || !endpoint_.can_send()) {
        return;  // it stumbled over the end of the connection
    }
    log(log_level::error, "handler failed", what_of(exception));
    close_now(close_reason(close_code::internal_error));
}

template <byte_stream Stream>
void session<Stream>::abort(error_code why) {
    on_own_strand([self = self(), why] {
        if (self->stage_ == stage::gone) {
            return;
        }
        if (self->stage_ == stage::opening) {
            self->timed_out_ = true;
            self->cut_by_ = why;
        }
        self->hold_expired_ = true;
        self->write_deadline_ = time_point::max();
        self->send_shut_ = true;
        self->input_ended_ = true;
        self->endpoint_.commit_eof(why, initiator::local);
        self->stream_->close();
        self->wake();
    });
}

}  // namespace websock::net
