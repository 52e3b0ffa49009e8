// One side of one open connection, without I/O, clock or randomness (DESIGN §2): bytes in, events
// and bytes out. What a session does to it, in a loop:
//
//     room = prepare(scratch); n = read(room); commit(n, now);
//     while (event e = next_event(), e.kind != none) { handle e; send(...); }
//     write(gather(...)); consume_output(written, now);
//
// Nothing here throws on what a peer sends: a violation becomes the events `closing` and `closed`,
// and a Close frame with the code of close_code_for().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <websock/close.hpp>
#include <websock/message.hpp>
#include <websock/options.hpp>

#include "byte_buffer.hpp"
#include "close_state.hpp"
#include "deflate_extension.hpp"
#include "frame.hpp"
#include "message_assembler.hpp"
#include "outbox.hpp"
#include "role.hpp"

namespace websock::protocol {

/// A point in time, always given as an argument: no clock is read in this layer.
using time_point = std::chrono::steady_clock::time_point;

/// Where a client's masking keys come from. RFC 6455 §5.3: "The masking key needs to be
/// unpredictable"; tests inject a deterministic source.
class key_source {
public:
    virtual ~key_source() = default;
    [[nodiscard]] virtual masking_key next_key() = 0;
};

enum class event_kind : std::uint8_t {
    none,     ///< more input is needed
    message,  ///< a whole message
    ping,     ///< a ping arrived; its pong is queued by the next call, after what is sent now
    pong,     ///< a pong arrived
    /// The peer's Close, a violation or the end of input was met: nothing further will arrive.
    /// What is sent now still leaves before our Close, which the next next_event() queues.
    closing,
    closed,  ///< the end: info() says how; flush, then shut the transport down
};

struct event {
    event_kind kind = event_kind::none;
    /// Payload of a message, ping or pong; valid until the next call of any input function.
    std::span<const std::byte> payload;
    websock::message_kind message_kind = websock::message_kind::text;

    [[nodiscard]] message_view view() const noexcept { return {message_kind, payload}; }
};

class endpoint {
public:
    /// `options` and `keys` must outlive the endpoint; a server needs no keys.
    endpoint(role side, const connection_options& options, key_source* keys, time_point now);

    /// Compresses and decompresses from now on (RFC 7692), as agreed in the opening handshake, with
    /// codecs of the calling thread's pool. Before the first input and output.
    void enable_deflate(const deflate_params& agreed, codec_pool_source pools);

    // ---- in

    /// Says where to read into: `scratch` (at least 1 KiB), or own memory while a large message is
    /// under way. Only after next_event() has returned none.
    [[nodiscard, gnu::always_inline]] std::span<std::byte> prepare(std::span<std::byte> scratch) {
        if (in_frame_ || !rest_.empty()) {
            return prepare_further(scratch);
        }
        scratch_ = scratch;
        return scratch;
    }
    /// `n` bytes have been read there; 0 is allowed.
    [[gnu::always_inline]] void commit(std::size_t n, time_point now) {
        if (n > 0) {
            last_heard_ = now;
        }
        if (reading_direct_ || !rest_.empty()) {
            commit_further(n);
        } else {
            input_ = scratch_.first(n);
        }
    }
    /// The input has ended, orderly (no `why`) or by an error of the transport.
    void commit_eof(error_code why = {}, initiator who = initiator::peer);
    /// The next event; none when more input is needed. Keeps what is unfinished, so that scratch
    /// may then be used for something else.
    [[nodiscard]] event next_event();
    /// The message just returned, as one that owns its payload (moved where possible).
    [[nodiscard]] message take_message(const event& e) {
        return take_message(e, [&e] { return e.view().to_message(); });
    }
    /// The same; `copy` makes a copy where one is needed.
    template <class Copy>
    [[nodiscard]] message take_message(const event& e, const Copy& copy) {
        return delivered_ ? message(e.message_kind, assembler_.take()) : copy();
    }
    /// Keeps the input that no event has been made of yet: next_event() will not be called before
    /// scratch is used for something else.
    [[gnu::always_inline]] void park() {
        if (unanswered_ping_) {
            answer_ping();
        }
        if (!input_.empty()) {
            keep_rest();
        }
    }
    /// next_event() would return none and do nothing.
    [[nodiscard]] bool needs_input() const noexcept {
        return input_.empty() && rest_.capacity() == 0 && state_ == close_state::open &&
               !in_frame_ && !delivered_ && !unanswered_ping_;
    }
    /// Input is left that next_event() has not seen.
    [[nodiscard]] bool has_input() const noexcept { return !input_.empty(); }

    // ---- out

    /// Queues a message as one frame. error::closed once our Close is queued.
    [[nodiscard]] error_code send(const message_view& view, const send_options& how = {}) {
        // [6455-5.5.1-4, 6455-6.1-2]
        if (!can_send()) {
            return error::closed;
        }
        queue(view, how);
        return {};
    }
    [[nodiscard]] error_code send(message&& whole, const send_options& how = {});
    /// The first of them, if can_send().
    [[gnu::always_inline]] void queue(const message_view& view, const send_options& how) {
        const opcode op = opcode_of(view);
        if (deflate_ && send_compressed(view, how)) {
            return;
        }
        // [6455-6.1-1, 6455-6.1-4, 6455-6.1-5]
        if (side_ == role::server) {
            outbox_.append_plain(op, view.bytes());
        } else {
            // [6455-5.1-1, 6455-5.3-2, 6455-10.3-1]
            outbox_.append_masked(op, view.bytes(), keys_->next_key());
        }
    }
    /// Whether send_lent() may be used.
    [[nodiscard]] bool can_send_lent() const noexcept {
        return side_ == role::server && !deflate_ && can_send();
    }
    /// Queues a message whose payload stays where it is until own_lent(), which copies what has
    /// not been written by then.
    void send_lent(message_view view);
    void own_lent() { outbox_.own_lent(); }
    /// Queues a ping with up to 125 bytes of payload.
    [[nodiscard]] error_code ping(std::span<const std::byte> payload);
    /// Begins the closing handshake; nothing can be sent afterwards. A Close frame that answers
    /// the peer's echoes its code instead. Later calls do nothing.
    void close(const close_reason& reason);
    /// Fails the connection: what is queued leaves, then a Close frame with the code for `why`.
    void fail(error_code why);

    [[nodiscard]] std::size_t gather(std::span<std::span<const std::byte>> views) const noexcept {
        return outbox_.gather(views);
    }
    /// The first of them.
    [[nodiscard, gnu::always_inline]] std::span<const std::byte> front_output() const noexcept {
        return outbox_.front();
    }
    /// `n` bytes of the gathered output have been written. `now` is of use only if
    /// output_is_timed().
    [[gnu::always_inline]] void consume_output(std::size_t n, time_point now) {
        if (output_is_timed()) {
            note_output(now, n == outbox_.size());
        }
        outbox_.consume(n);
    }
    [[nodiscard]] bool output_is_timed() const noexcept {
        return has_compressed_ || state_ == close_state::close_sent;
    }
    [[nodiscard]] std::size_t output_size() const noexcept { return outbox_.size(); }
    /// Whether the socket refuses writes: then only the newest pong waits.
    void set_write_blocked(bool blocked) noexcept { write_blocked_ = blocked; }
    /// See outbox: memory for the output, which a connection without output does not hold.
    [[gnu::always_inline]] void borrow_memory(std::unique_ptr<outbox::memory>& lent) noexcept {
        outbox_.borrow(lent);
    }
    [[gnu::always_inline]] void give_back_memory(std::unique_ptr<outbox::memory>& lent) noexcept {
        outbox_.give_back(lent);
    }

    // ---- time

    /// When to call on_timer() next, if at all.
    [[nodiscard]] std::optional<time_point> deadline() const noexcept;
    /// As long as it is the same, deadline() has only moved on.
    [[nodiscard, gnu::always_inline]] unsigned deadline_basis() const noexcept {
        return static_cast<unsigned>(state_) << 3 | (close_flushed_ ? 4U : 0U) |
               (paused_ ? 2U : 0U) | (deflate_ && deflate_->holds_codec() ? 1U : 0U);
    }
    /// Sends a due ping, fails an idle connection, ends one whose peer does not answer our Close,
    /// gives back the codecs of one that is idle.
    void on_timer(time_point now);
    /// Reading stops or goes on (back-pressure); meanwhile silence does not end the connection, but
    /// pings are sent: a write shows what has become of the peer.
    void pause_input(bool paused, time_point now) noexcept;
    /// The peer has shown life otherwise than by sending: it took output that had been stuck.
    void note_alive(time_point now) noexcept { last_heard_ = now; }

    // ---- state

    [[nodiscard]] close_state state() const noexcept { return state_; }
    /// send() is possible.
    [[nodiscard]] bool can_send() const noexcept {
        return state_ == close_state::open ||
               (state_ != close_state::close_sent && state_ != close_state::closed);
    }
    /// How the connection ended; complete after the event `closed`.
    [[nodiscard]] const close_info& info() const noexcept { return info_; }

private:
    [[nodiscard]] std::span<std::byte> prepare_further(std::span<std::byte> scratch);
    void commit_further(std::size_t n);
    void note_transport_error(error_code why, initiator who) noexcept;
    [[nodiscard]] event next_in_general();
    [[nodiscard]] event next_from_input();
    [[nodiscard]] bool take_single_frame(event& message);
    [[nodiscard]] event on_frame_complete(std::span<const std::byte> payload);
    [[nodiscard]] event on_close_frame(std::span<const std::byte> payload);
    [[nodiscard]] bool begin_frame();
    [[nodiscard]] bool take_payload();
    void settle();
    void note_output(time_point now, bool is_all) noexcept;
    void answer_ping();
    void keep_rest();
    bool unmask(std::span<std::byte> bytes) const noexcept;
    void apply(close_input input);
    void queue_close(const close_reason& reason);
    void queue_control(opcode op, std::span<const std::byte> payload);
    [[nodiscard]] static opcode opcode_of(const message_view& view) noexcept {
        return view.is_text() ? opcode::text : opcode::binary;
    }
    [[nodiscard]] frame_header outgoing(opcode op, std::size_t size) {
        // [6455-5.2-1, 6455-5.2-8, 6455-5.4-2, 6455-5.5-2, 6455-6.1-6, 7692-6.1-3]
        frame_header header{.op = op, .payload_length = size};
        // RFC 6455 §5.1: "a client MUST mask all frames that it sends to the server"; "A server
        // MUST NOT mask any frames that it sends to the client."
        // [6455-5.1-1, 6455-5.1-3, 6455-5.5.1-3, 6455-6.1-7]
        if (side_ == role::client) {
            header.masked = true;
            // [6455-5.3-2, 6455-10.3-1]
            header.key = keys_->next_key();
        }
        return header;
    }
    [[nodiscard]] bool send_compressed(message_view view, const send_options& how);

    const connection_options& options_;
    key_source* keys_;

    std::span<std::byte> input_;    // not yet seen; in scratch or in rest_
    std::span<std::byte> scratch_;  // lent by prepare()
    byte_buffer rest_;              // input kept between reads
    frame_header header_;           // of the frame under way
    std::uint64_t remaining_ = 0;   // bytes of its payload that have not been taken

    std::unique_ptr<deflate_extension> deflate_;  // if agreed on
    message_assembler assembler_;
    outbox outbox_;

    std::optional<std::span<const std::byte>> unanswered_ping_;
    close_info info_;
    close_reason answer_;  // what our Close will say in answer
    time_point last_heard_;
    time_point last_ping_;
    time_point last_codec_use_;
    std::optional<time_point> close_flushed_;  // when our Close had left

    role side_;
    close_state state_ = close_state::open;
    bool in_frame_ = false;        // header_ is a data frame whose payload is under way
    bool reading_direct_ = false;  // prepare() returned the assembler's memory
    bool delivered_ = false;       // the assembler's message has been returned as an event
    bool announce_closing_ = false;
    bool closing_announced_ = false;
    bool announce_closed_ = false;
    bool write_blocked_ = false;
    bool paused_ = false;
    bool has_compressed_ = false;  // since the last consume_output()
};

}  // namespace websock::protocol

#include "endpoint_inline.hpp"
