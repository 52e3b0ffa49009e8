// session: from input to events to handlers to output; deadlines; the one end.
#pragma once

#include "session.hpp"
#include "thread_memory.hpp"

namespace websock::net {

// While it lives, the session's handlers may run.
template <byte_stream Stream>
struct session<Stream>::pumping_scope {
    pumping_scope(session& s, thread_memory& m) noexcept
        : its(s), mine(m), outer(std::exchange(m.pumping, &s)) {
        its.pumping_ = true;
    }
    ~pumping_scope() {
        its.pumping_ = false;
        mine.pumping = outer;
    }
    pumping_scope(const pumping_scope&) = delete;
    pumping_scope& operator=(const pumping_scope&) = delete;

    session& its;
    thread_memory& mine;
    const void* outer;
};

// Everything that the input so far leads to, then one write (DESIGN §6: "parse every frame of a
// read, answer with one write"). Never called from inside a handler.
template <byte_stream Stream>
void session<Stream>::pump() {
    if (stage_ == stage::open && !pumping_) {
        pump_inline(this_thread());
        if (sleeping_ != nullptr && !must_sleep()) {
            wake();
        }
    }
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::pump_inline(thread_memory& mine) {
    {
        const pumping_scope scope(*this, mine);
        endpoint_.borrow_memory(mine.outbox);
        try {
            pull_and_deliver();
        } catch (...) {  // a completion handler of the user's, or no memory
            close_after_exception(std::current_exception());
        }
        if (stage_ == stage::open) {
            endpoint_.park();
        }
    }
    flush_inline(mine, false);
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::pull_and_deliver() {
    for (;;) {
        pull();
        const bool delivered = !receivers_.empty() && !inbox_.empty() && deliver();
        if (drain_request_) {
            close_after_drain();
        }
        const bool end_to_take = endpoint_.state() == protocol::close_state::closed;
        const bool more = delivered && (obstacle_ != obstacle::none || hold_);
        if (stage_ != stage::open || !(end_to_take || more)) {
            return;
        }
    }
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::pull() {
    if (hold_ && (hold_expired_ || !handler_is_busy() ||
                  endpoint_.state() == protocol::close_state::closed)) {
        hold_ = false;
    }
    if (obstacle_ != obstacle::none) {
        obstacle_ = find_obstacle(obstacle_);
    }
    while (obstacle_ == obstacle::none && !hold_ && stage_ == stage::open) {
        const protocol::event event = endpoint_.next_event();
        switch (event.kind) {
            case protocol::event_kind::none:
                return;
            case protocol::event_kind::message:
                on_message(event);
                break;
            case protocol::event_kind::ping:
                deliver();  // what a waiting handler answers to earlier messages precedes the pong
                break;
            case protocol::event_kind::pong:
                break;
            case protocol::event_kind::closing:
                deliver();
                // DESIGN §3.4: whatever the handler sends for the messages before the end leaves
                // before our Close, so the next event is not asked for while it is at work.
                if (handler_is_busy() && !hold_expired_) {
                    hold_ = true;
                    if (options().close_timeout.count() > 0) {
                        hold_deadline_ = std::chrono::steady_clock::now() + options().close_timeout;
                        must_arm_ = true;
                    }
                }
                break;
            case protocol::event_kind::closed:
                finish();
                break;
        }
        obstacle_ = find_obstacle(obstacle::none);
        if (endpoint_.needs_input()) {
            return;
        }
    }
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::on_message(const protocol::event& event) {
    if (how_ == delivery::inbox) {
        take_for_receiver(event);
        return;
    }
    try {
        consumer_->on_message(event.view());
    } catch (...) {
        close_after_exception(std::current_exception());
    }
}

// For whoever receives: into the inbox, unless it is the only one here and somebody waits for it.
template <byte_stream Stream>
inline void session<Stream>::take_for_receiver(const protocol::event& event) {
    message whole = endpoint_.take_message(
        event, [&event] { return this_thread().messages.copy(event.message_kind, event.payload); });
    if (!receivers_.empty() && inbox_.empty() && endpoint_.needs_input()) {
        ++outstanding_;
        receivers_.pop().deliver(std::move(whole));
    } else {
        inbox_.push(std::move(whole));
    }
}

// Hands messages to waiting receives. They resume here and now, and may call back into the session.
template <byte_stream Stream>
bool session<Stream>::deliver() {
    bool any = false;
    while (!receivers_.empty() && !inbox_.empty()) {
        any = true;
        ++outstanding_;
        receivers_.pop().deliver(inbox_.pop());
    }
    return any;
}

// A server that drains closes each connection once its handler has caught up.
template <byte_stream Stream>
void session<Stream>::close_after_drain() {
    if (stage_ == stage::open && (hold_expired_ || !handler_is_busy())) {
        const auto reason = std::exchange(drain_request_, nullptr);
        close_now(*reason);
    }
}

template <byte_stream Stream>
bool session<Stream>::handler_is_busy() const noexcept {
    return handler_running_ && (!inbox_.empty() || outstanding_ > 0);
}

template <byte_stream Stream>
[[gnu::always_inline]] inline auto session<Stream>::find_obstacle(obstacle so_far) const noexcept
    -> obstacle {
    if (endpoint_.state() != protocol::close_state::open) {
        return obstacle::none;  // what still comes in is not for the handler
    }
    const auto over = [so_far](std::size_t bytes, std::size_t mark, obstacle which) {
        // Once stopped, reading goes on only when half of it has been dealt with.
        return bytes > (so_far == which ? mark / 2 : mark) ? which : obstacle::none;
    };
    return how_ == delivery::inbox
               ? over(inbox_.bytes(), options().inbox_high_water, obstacle::inbox_full)
               : over(endpoint_.output_size(), options().outbox_high_water, obstacle::outbox_full);
}

template <byte_stream Stream>
[[gnu::always_inline]] inline bool session<Stream>::must_sleep() const noexcept {
    if (stage_ != stage::open) {
        return stage_ == stage::ending && input_ended_ && !send_shut_;
    }
    return hold_ ? handler_is_busy() && !hold_expired_
                 : obstacle_ != obstacle::none && find_obstacle(obstacle_) != obstacle::none;
}

// Calls what is the user's; its exception is logged and goes no further.
template <byte_stream Stream>
template <class Function>
void session<Stream>::guarded(std::string_view failed, Function function) {
    try {
        function();
    } catch (...) {
        log(log_level::error, failed, what_of(std::current_exception()));
    }
}

// The endpoint says `closed`: the connection's one end.
template <byte_stream Stream>
void session<Stream>::finish() {
    stage_ = stage::ending;
    hold_ = false;
    obstacle_ = obstacle::none;
    open_.store(false, std::memory_order_release);
    end_ = endpoint_.info();
    ended_.store(true, std::memory_order_release);
    if (consumer_) {
        guarded("on_close failed", [this] { consumer_->on_close(end_); });
    }
    constexpr std::string_view failed = "completion handler failed";
    while (!senders_.empty()) {
        guarded(failed,
                [this] { senders_.complete_front(executor_, make_error_code(error::closed)); });
    }
    while (!closers_.empty()) {
        guarded(failed, [this] { closers_.complete_front(executor_, error_code()); });
    }
    while (!receivers_.empty()) {  // only if the inbox is empty
        guarded(failed, [this] { receivers_.pop().end(error_code()); });
    }
    if (sleeping_ != nullptr) {
        sleeping_->cancel();
    }
}

// ---- deadlines

template <byte_stream Stream>
void session<Stream>::on_deadline(time_point now) {
    if (stage_ == stage::opening) {
        if (now >= handshake_deadline_) {
            cut_opening();
        }
    } else if (now >= write_deadline_) {
        abort(error::write_timeout);
    } else if (now >= drain_deadline_) {
        drain_deadline_ = time_point::max();
        stream_->close();
        wake();
    } else if (stage_ == stage::open) {
        if (now >= hold_deadline_ && write_blocked_ && !senders_.empty()) {
            // It is the peer that the handler waits for, and write_timeout says how long.
            hold_deadline_ = now + options().close_timeout;
        } else if (now >= hold_deadline_) {
            hold_expired_ = true;
            hold_deadline_ = time_point::max();
        }
        endpoint_.on_timer(now);
        pump();
    }
    arm();
}

template <byte_stream Stream>
void session<Stream>::arm() {
    must_arm_ = false;
    armed_basis_ = endpoint_.deadline_basis();
    if (const auto next = next_deadline(); next && stage_ != stage::gone && !timed_out_) {
        deadlines_->schedule(*this, *next);
    }
}

template <byte_stream Stream>
std::optional<time_point> session<Stream>::next_deadline() const noexcept {
    time_point next = std::min(write_deadline_, drain_deadline_);
    if (stage_ == stage::opening) {
        next = handshake_deadline_;
    } else if (stage_ == stage::open) {
        next = std::min({next, hold_deadline_, endpoint_.deadline().value_or(time_point::max())});
    }
    return next == time_point::max() ? std::nullopt : std::optional(next);
}

template <byte_stream Stream>
void session<Stream>::log(log_level level, std::string_view what, std::string_view why) const {
    if (!config_->log) {
        return;
    }
    const auto& peer = facts_.remote;
    std::string line(what);
    line.append(" (peer ").append(peer.address().to_string());
    line.append(" port ").append(std::to_string(peer.port())).append(")");
    line.append(": ").append(why);
    config_->log(level, line);
}

}  // namespace websock::net
