// Runs one connection: moves bytes between a stream and a protocol::endpoint, and messages between
// the endpoint and the application. All of it happens on the stream's executor, the connection's
// strand (DESIGN §3).
//
//   run()         a coroutine: opening handshake, read loop, drain, end
//   write_loop()  a coroutine that exists only while the socket refuses writes
//   pump()        what the input says, what the handler answers, one write for all of it
//   on_deadline() whatever is due
//
// The parts that users call come on any thread; they post to the strand if they must.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <websock/options.hpp>
#include <websock/response.hpp>

#include "../protocol/endpoint.hpp"
#include "../protocol/handshake.hpp"
#include "../protocol/request_head.hpp"
#include "application.hpp"
#include "byte_stream.hpp"
#include "deadlines.hpp"
#include "driver.hpp"
#include "inbox.hpp"
#include "waiters.hpp"

namespace websock::net {

/// Who must know that a session lives. Called on the session's strand.
class session_owner {
public:
    virtual ~session_owner() = default;
    virtual void on_session_end(driver& ended) noexcept = 0;
};

/// What all sessions of a server, or one served socket, share. Outlives them.
struct session_config {
    connection_options options;
    std::shared_ptr<const application> app;
    log_sink log;
};

/// What a session needs in order to be the client's side.
struct client_opening {
    protocol::upgrade_wish wish;  ///< `subprotocols` are these:
    std::vector<std::string> subprotocols;
    std::string request_text;  ///< the bytes to send
    request head;              ///< what is known of it later: no credentials
    std::unique_ptr<consumer> use;
    std::shared_ptr<http_response> answer;  ///< filled in
    time_point deadline;                    ///< for the whole opening
};

/// What an acceptor says about a new connection.
enum class admission : std::uint8_t {
    welcome,
    over_capacity,  ///< its request is answered with 503
};

/// Runs one connection, as a server if it was accepted, as a client if there is a client_opening.
template <byte_stream Stream>
class session final : public driver, private deadline_target {
public:
    using executor_type = typename Stream::executor_type;
    using queue_type = deadline_queue<executor_type>;
    using timer_type = typename queue_type::timer_type;

    session(Stream stream, std::shared_ptr<const session_config> config,
            std::shared_ptr<queue_type> deadlines, std::shared_ptr<session_owner> owner,
            admission admitted);
    session(Stream stream, std::shared_ptr<const session_config> config,
            std::shared_ptr<queue_type> deadlines, std::shared_ptr<session_owner> owner,
            std::unique_ptr<client_opening> client);

    /// Starts it; call on its strand. It lives until it has ended.
    void start();

    // driver
    bool on_strand() const noexcept override;
    const boost::asio::any_io_executor& executor() const override { return executor_; }
    const connection_facts& facts() const noexcept override { return facts_; }
    bool is_open() const noexcept override { return open_.load(std::memory_order_acquire); }
    close_info info() const override;
    void async_receive(receive_handler handler) override;
    std::uint64_t next_id() noexcept override {
        return next_id_.fetch_add(1, std::memory_order_relaxed);
    }
    void cancel_receive(std::uint64_t id) override;
    void async_send(message whole, send_options how, done_handler handler) override;
    void async_close(close_reason reason, done_handler handler) override;
    error_code try_send(const message_view& view, send_options how) override;
    error_code try_ping(std::string_view payload) override;
    void request_close(close_reason reason) override;
    void request_drain(close_reason reason) override;
    void abort(error_code why) override;
    void handler_done(std::exception_ptr exception) override;
    receive_outcome receive_now(std::optional<message>& next) override;
    void wait_for_message(waiting_receive& waiting) override;
    void wait_for_message(receive_handler handler) override;
    send_outcome send_now(message& whole, send_options how) override;

private:
    enum class stage : std::uint8_t {
        opening,  ///< TLS and HTTP
        open,     ///< until the endpoint says `closed`
        ending,   ///< flushing, shutting down, draining
        gone,
    };
    /// The bytes up to the end of the head, and what came behind it.
    struct received_head {
        error_code ec;
        protocol::byte_buffer bytes;
        std::size_t size = 0;  // of the head
    };
    /// A message whose send waits.
    struct outgoing {
        message whole;
        send_options how;
    };
    /// Why reading has stopped.
    enum class obstacle : std::uint8_t { none, inbox_full, outbox_full };

    std::shared_ptr<session> self() {
        return std::static_pointer_cast<session>(shared_from_this());
    }
    void on_deadline(time_point now) override;

    // session_open.hpp: the opening handshake
    task<bool> open();
    task<bool> open_as_server();
    task<bool> open_as_client();
    task<received_head> read_head(protocol::head_kind kind, protocol::byte_buffer early);
    task<bool> answer(std::span<const std::byte> head, std::span<const std::byte> early);
    task<void> refuse(error_code why, std::string_view allow, bool head_only);
    task<error_code> write_all(std::string text);
    template <class MakeConsumer>
    void enter_open(protocol::agreement agreed, std::span<const std::byte> early,
                    MakeConsumer make_consumer);
    void cut_opening();

    // session_io.hpp: the loops
    friend repeated_wait<session>;
    static detached run(std::shared_ptr<session> self);
    static detached write_loop(std::shared_ptr<session> self);
    task<void> converse();
    task<void> drain();
    task<void> sleep();
    auto wait() noexcept { return stream_->wait_readable(); }
    [[nodiscard]] bool take_turn();
    void read_once(thread_memory& mine);
    void flush();
    void flush_inline(thread_memory& mine, bool in_pump);
    void write_out(error_code& ec);
    [[nodiscard]] std::size_t write_gathered(error_code& ec);
    void begin_write_blocked();
    [[nodiscard]] bool go_on_writing(error_code ec);
    void write_failed(error_code ec);
    void shut_down_if_flushed();
    void wait_for_end_of_input();
    void leave();
    void abandon() noexcept;

    // session_pump.hpp: events, deadlines
    struct pumping_scope;
    void pump();
    void pump_inline(thread_memory& mine);
    void pull_and_deliver();
    void pull();
    void on_message(const protocol::event& event);
    void take_for_receiver(const protocol::event& event);
    bool deliver();
    void close_after_drain();
    template <class Function>
    void guarded(std::string_view failed, Function function);
    void finish();
    [[nodiscard]] obstacle find_obstacle(obstacle so_far) const noexcept;
    [[nodiscard]] bool handler_is_busy() const noexcept;
    [[nodiscard]] bool must_sleep() const noexcept;
    void wake();
    void arm();
    [[nodiscard]] std::optional<time_point> next_deadline() const noexcept;
    void log(log_level level, std::string_view what, std::string_view why) const;
    [[nodiscard]] const connection_options& options() const noexcept { return config_->options; }

    // session_use.hpp: what users ask for
    [[nodiscard]] bool runs_here() const noexcept;
    template <class Function>
    void on_own_strand(Function function);
    template <class Handler, class Cancel>
    void bind_cancellation(Handler& handler, Cancel cancel);
    void start_receive(std::uint64_t id, receive_handler handler);
    void post_receive(waiting_receive& taken, error_code ec, std::optional<message> next);
    void start_send(std::uint64_t id, outgoing load, done_handler handler);
    void start_close(std::uint64_t id, const close_reason& reason, done_handler handler);
    template <class Waiter, class... Results>
    void post_completion(Waiter waiting, Results... results);
    void handler_may_be_idle();
    [[nodiscard]] bool take_next(std::optional<message>& next);
    [[nodiscard]] send_outcome send_or_wait(message& whole, send_options how);
    void release_senders();
    void close_now(const close_reason& reason);
    void close_after_exception(const std::exception_ptr& exception);
    void after_send();
    void borrow_memory();
    error_code send_view(const message_view& view, send_options how);
    error_code post_view(const message_view& view, send_options how);
    void lend(const message_view& view);

    std::optional<Stream> stream_;  // none once the session has gone
    const executor_type strand_;
    const boost::asio::any_io_executor executor_;  // the same, for users
    std::shared_ptr<const session_config> config_;
    std::shared_ptr<queue_type> deadlines_;
    std::shared_ptr<session_owner> owner_;
    std::unique_ptr<client_opening> client_;  // until it is open
    std::unique_ptr<consumer> consumer_;
    protocol::endpoint endpoint_;
    connection_facts facts_;

    inbox inbox_;
    receive_list receivers_;
    waiter_list<done_handler, outgoing> senders_;
    waiter_list<done_handler> closers_;
    std::unique_ptr<close_reason> drain_request_;

    time_point handshake_deadline_ = time_point::max();
    time_point hold_deadline_ = time_point::max();   // for a busy handler before our Close
    time_point write_deadline_ = time_point::max();  // for progress while writes are refused
    time_point drain_deadline_ = time_point::max();  // for the peer's end of TCP
    timer_type* sleeping_ = nullptr;                 // what sleep() waits on

    std::atomic<std::uint64_t> next_id_{1};
    std::atomic<std::size_t> posted_bytes_{0};  // try_send's from other threads, under way
    std::atomic<std::size_t> queued_bytes_{0};  // of the outbox, for other threads
    std::atomic<bool> open_{false};             // send may succeed
    std::atomic<bool> ended_{false};            // end_ is there to read
    close_info end_;
    error_code cut_by_;         // abort(), during the opening handshake
    unsigned armed_basis_ = 0;  // what arm() went by

    std::size_t outstanding_ = 0;  // messages that a handler took and has not come back from
    stage stage_ = stage::opening;
    delivery how_ = delivery::inbox;
    admission admitted_ = admission::welcome;
    protocol::role side_;
    obstacle obstacle_ = obstacle::none;
    bool handler_running_ = false;
    bool hold_ = false;  // our Close waits for the handler
    bool hold_expired_ = false;
    bool pumping_ = false;
    bool pump_posted_ = false;
    bool must_arm_ = false;  // a deadline has come nearer
    bool write_blocked_ = false;
    bool send_shut_ = false;  // FIN is out, or can't be any more
    bool input_ended_ = false;
    bool head_begun_ = false;
    bool timed_out_ = false;
};

}  // namespace websock::net
