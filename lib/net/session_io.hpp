// session: the coroutines that read, write and drain.
#pragma once

#include <array>

#include "random.hpp"
#include "session.hpp"
#include "thread_memory.hpp"

namespace websock::net {

template <byte_stream Stream>
session<Stream>::session(Stream stream, std::shared_ptr<const session_config> config,
                         std::shared_ptr<queue_type> deadlines,
                         std::shared_ptr<session_owner> owner, admission admitted)
    : stream_(std::move(stream)),
      strand_(stream_->get_executor()),
      executor_(strand_),
      config_(std::move(config)),
      deadlines_(std::move(deadlines)),
      owner_(std::move(owner)),
      endpoint_(protocol::role::server, config_->options, nullptr, coarse_now()),
      admitted_(admitted),
      side_(protocol::role::server) {}

template <byte_stream Stream>
session<Stream>::session(Stream stream, std::shared_ptr<const session_config> config,
                         std::shared_ptr<queue_type> deadlines,
                         std::shared_ptr<session_owner> owner,
                         std::unique_ptr<client_opening> client)
    : stream_(std::move(stream)),
      strand_(stream_->get_executor()),
      executor_(strand_),
      config_(std::move(config)),
      deadlines_(std::move(deadlines)),
      owner_(std::move(owner)),
      client_(std::move(client)),
      endpoint_(protocol::role::client, config_->options, &random_keys(), coarse_now()),
      side_(protocol::role::client) {}

template <byte_stream Stream>
void session<Stream>::start() {
    if (client_) {
        handshake_deadline_ = client_->deadline;
    } else if (options().handshake_timeout.count() > 0) {
        handshake_deadline_ = std::chrono::steady_clock::now() + options().handshake_timeout;
    }
    arm();
    try {
        call_from_loop([this] { run(self()); });
    } catch (...) {  // no memory for its frame
        abandon();
        throw;
    }
}

template <byte_stream Stream>
detached session<Stream>::run(std::shared_ptr<session> self) {
    struct guard {  // of a frame that is destroyed with its executor
        session& running;
        ~guard() { running.abandon(); }
    } const at_end{*self};
    try {
        const bool opened = co_await self->open();
        if (opened) {
            co_await self->converse();
        }
        // A client whose handshake has failed has nothing to say, and nothing to wait for.
        if (!self->timed_out_ && (opened || self->side_ == protocol::role::server)) {
            co_await self->drain();
        }
    } catch (...) {  // out of memory, above all
        self->log(log_level::error, "connection given up", what_of(std::current_exception()));
    }
    self->leave();
}

// Lets go of everything but what is known of the connection. What waits for the session may hold
// the connection's handle, and so the session itself; and a handle may outlive the executor.
template <byte_stream Stream>
void session<Stream>::abandon() noexcept {
    stage_ = stage::gone;
    if (!ended_.load(std::memory_order_relaxed)) {  // with its executor
        end_.ec = error::shut_down;
        end_.initiator = initiator::local;
        ended_.store(true, std::memory_order_release);
    }
    open_.store(false, std::memory_order_release);
    while (!receivers_.empty()) {
        receivers_.pop().abandon();
    }
    const auto senders = std::exchange(senders_, {});
    const auto closers = std::exchange(closers_, {});
    const auto owner = std::exchange(owner_, nullptr);
    client_.reset();
    consumer_.reset();
    if (const auto deadlines = std::exchange(deadlines_, nullptr)) {
        deadlines->remove(*this);
    }
    stream_.reset();
}

// The read loop. It lets others run after a fair share of reads, and while a handler of its own
// runs the event loop and has not come back.
template <byte_stream Stream>
task<void> session<Stream>::converse() {
    constexpr int fair_share = 16;  // buffered reads before other connections have their turn
    int in_a_row = 0;
    pump();
    while (stage_ == stage::open) {
        if (pumping_ || in_a_row == fair_share) {
            in_a_row = 0;
            static_cast<void>(co_await yield_operation<executor_type>(strand_));
            continue;
        }
        if (obstacle_ != obstacle::none || hold_) {
            if (must_sleep()) {
                co_await sleep();
            }
            pump();
            continue;
        }
        if (stream_->has_buffered_input()) {
            ++in_a_row;
            static_cast<void>(take_turn());
        } else {
            in_a_row = 0;
            if (const error_code ec = co_await repeated_wait(*this); ec) {
                input_ended_ = true;
                endpoint_.commit_eof(ec);
            }
            pump();
        }
    }
}

// Reads once and sees to what came. False if there is more to it than to wait for more.
template <byte_stream Stream>
[[gnu::always_inline]] inline bool session<Stream>::take_turn() {
    if (stage_ != stage::open || pumping_) {
        return false;
    }
    thread_memory& mine = this_thread();
    if (!input_ended_) {
        read_once(mine);
    }
    pump_inline(mine);
    return stage_ == stage::open && obstacle_ == obstacle::none && !hold_ && !input_ended_ &&
           !stream_->has_buffered_input();
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::read_once(thread_memory& mine) {
    const std::span<std::byte> room = endpoint_.prepare(mine.scratch);
    error_code ec;
    const std::size_t n = stream_->read_some(room, ec);
    endpoint_.commit(ec ? 0 : n, coarse_now());
    if (ec && !would_block(ec)) {
        input_ended_ = true;
        // [6455-7.2.1-2]
        endpoint_.commit_eof(ec == boost::asio::error::eof ? error_code() : ec);
    }
}

// DESIGN §3.5: nothing is read as data any more, but TCP is drained until the peer has ended it
// too: closing with unread input would send an RST, which can destroy what is still on its way.
template <byte_stream Stream>
task<void> session<Stream>::drain() {
    stage_ = stage::ending;
    shut_down_if_flushed();
    while (!send_shut_ || !input_ended_) {
        if (input_ended_) {
            shut_down_if_flushed();
            if (!send_shut_) {
                co_await sleep();
            }
            continue;
        }
        // Over TLS a client looks at what comes, since it may be the server's close_notify: that
        // ends the input, too, and the server may wait for ours before it sends its FIN.
        const bool decrypts = side_ == protocol::role::client && !send_shut_;
        error_code ec;
        if (decrypts && stream_->has_buffered_input()) {
            ec = co_await yield_operation<executor_type>(strand_);
        } else {
            ec = co_await stream_->wait_readable();
        }
        if (!ec && decrypts) {
            stream_->read_some(this_thread().scratch, ec);
        } else if (!ec) {
            stream_->discard_some(this_thread().scratch, ec);
        }
        if (ec && !would_block(ec)) {
            input_ended_ = true;
            if (ec != boost::asio::error::eof) {
                co_return;  // the transport is gone
            }
        }
    }
}

// Suspends the read loop until wake().
template <byte_stream Stream>
task<void> session<Stream>::sleep() {
    timer_type timer(strand_, time_point::max());
    sleeping_ = &timer;
    endpoint_.pause_input(true, coarse_now());
    static_cast<void>(co_await timer_operation<timer_type>(timer));
    endpoint_.pause_input(false, coarse_now());
    sleeping_ = nullptr;
}

template <byte_stream Stream>
void session<Stream>::wake() {
    if (sleeping_ != nullptr) {
        sleeping_->cancel();
    } else if (!pump_posted_ && stage_ == stage::open) {
        pump_posted_ = true;
        boost::asio::post(strand_, [self = self()] {
            self->pump_posted_ = false;
            call_from_loop([&self] { self->pump(); });
        });
    }
}

// Writes what there is; if the socket refuses, the write loop goes on with it.
template <byte_stream Stream>
void session<Stream>::flush() {
    flush_inline(this_thread(), pumping_);
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::flush_inline(thread_memory& mine,
                                                                 bool in_pump) {
    while (!write_blocked_ && !send_shut_) {
        error_code ec;
        write_out(ec);
        if (ec) {
            if (would_block(ec)) {
                begin_write_blocked();
            } else {
                write_failed(ec);
            }
        } else if (!senders_.empty() && endpoint_.can_send()) {
            release_senders();
            continue;
        }
        break;
    }
    queued_bytes_.store(endpoint_.output_size(), std::memory_order_relaxed);
    if (!in_pump) {
        endpoint_.give_back_memory(mine.outbox);
    }
    if (stage_ == stage::ending) {
        shut_down_if_flushed();
    }
    // What has been queued or written may have brought a deadline nearer.
    if (!in_pump && (must_arm_ || armed_basis_ != endpoint_.deadline_basis())) {
        arm();
    }
}

template <byte_stream Stream>
[[gnu::always_inline]] inline void session<Stream>::write_out(error_code& ec) {
    while (endpoint_.output_size() > 0) {
        const std::span<const std::byte> front = endpoint_.front_output();
        // [6455-6.1-8]
        const std::size_t n = front.size() == endpoint_.output_size()
                                  ? stream_->write_some({&front, 1}, ec)
                                  : write_gathered(ec);
        if (n > 0) {
            endpoint_.consume_output(n, endpoint_.output_is_timed() ? coarse_now() : time_point());
        }
        if (ec) {
            return;
        }
    }
    stream_->flush(ec);
}

template <byte_stream Stream>
std::size_t session<Stream>::write_gathered(error_code& ec) {
    std::array<std::span<const std::byte>, max_gather> views;
    const std::size_t count = endpoint_.gather(views);
    return stream_->write_some(std::span(views).first(count), ec);
}

template <byte_stream Stream>
void session<Stream>::begin_write_blocked() {
    write_blocked_ = true;
    endpoint_.set_write_blocked(true);
    if (options().write_timeout.count() > 0) {
        write_deadline_ = std::chrono::steady_clock::now() + options().write_timeout;
    }
    arm();
    write_loop(self());
}

template <byte_stream Stream>
detached session<Stream>::write_loop(std::shared_ptr<session> self) {
    try {
        error_code ec;
        do {
            ec = co_await self->stream_->wait_writable();
        } while (self->go_on_writing(ec));
    } catch (...) {  // a completion handler of the user's, or no memory
        self->log(log_level::error, "connection given up", what_of(std::current_exception()));
        self->abort(error::shut_down);
    }
}

// The socket is writable again, or broken. True while it refuses again.
template <byte_stream Stream>
bool session<Stream>::go_on_writing(error_code ec) {
    if (stage_ == stage::gone) {
        return false;
    }
    if (!ec) {
        // The peer takes what is sent: it is alive, and whoever waits for it may wait on.
        const time_point now = std::chrono::steady_clock::now();
        endpoint_.note_alive(now);
        if (options().write_timeout.count() > 0) {
            write_deadline_ = now + options().write_timeout;
        }
        if (hold_deadline_ != time_point::max()) {
            hold_deadline_ = now + options().close_timeout;
        }
        write_out(ec);
    }
    const bool refused = would_block(ec);
    if (!refused) {
        write_blocked_ = false;
        endpoint_.set_write_blocked(false);
        write_deadline_ = time_point::max();
        if (ec) {
            write_failed(ec);
        }
    }
    release_senders();
    if (!refused) {
        flush();  // what was released; if it is refused, another loop begins
    }
    if (sleeping_ != nullptr && !must_sleep()) {
        wake();
    }
    return refused && !send_shut_;
}

template <byte_stream Stream>
void session<Stream>::write_failed(error_code ec) {
    write_deadline_ = time_point::max();
    send_shut_ = true;
    input_ended_ = true;
    endpoint_.commit_eof(ec);
    stream_->close();
    wake();
}

// DESIGN §3.5: when all is out, close_notify and FIN.
template <byte_stream Stream>
// [6455-5.5.1-6, 6455-5.5.1-7, 6455-7.1.7-1, 6455-7.1.7-2, 6455-7.2.2-1]
void session<Stream>::shut_down_if_flushed() {
    if (stage_ != stage::ending || send_shut_ || write_blocked_ || endpoint_.output_size() > 0) {
        return;
    }
    // RFC 6455 §5.5.1: "the client SHOULD wait for the server to close the connection but MAY close
    // the connection at any time", such as when it has waited in vain for the server's Close.
    const bool waited = end_.ec == error::close_timeout;
    if (side_ == protocol::role::client && !input_ended_ && !waited) {
        wait_for_end_of_input();
        return;
    }
    error_code ec;
    if (stream_->shutdown_send(ec) == shutdown_progress::blocked) {
        begin_write_blocked();
        return;
    }
    send_shut_ = true;
    wait_for_end_of_input();
    wake();
}

template <byte_stream Stream>
void session<Stream>::wait_for_end_of_input() {
    if (options().close_timeout.count() > 0 && drain_deadline_ == time_point::max()) {
        drain_deadline_ = std::chrono::steady_clock::now() + options().close_timeout;
    }
    arm();
}

template <byte_stream Stream>
void session<Stream>::leave() {
    if (stage_ == stage::open) {  // given up by an exception
        endpoint_.commit_eof(error::shut_down, initiator::local);
        finish();
    }
    if (!ended_.load(std::memory_order_relaxed)) {  // it never opened: end_.ec says why
        if (timed_out_) {
            end_.ec = cut_by_ ? cut_by_ : make_error_code(error::handshake_timeout);
        }
        ended_.store(true, std::memory_order_release);
    }
    stage_ = stage::gone;
    stream_->close();
    if (owner_) {
        owner_->on_session_end(*this);
    }
}

}  // namespace websock::net
