#include "endpoint.hpp"

#include <algorithm>
#include <utility>

#include "close_payload.hpp"
#include "mask.hpp"

namespace websock::protocol {
namespace {

// Payload that is still to come is read straight into the message from this size on.
constexpr std::size_t direct_read_size = 16 * 1024;

}  // namespace

endpoint::endpoint(role side, const connection_options& options, key_source* keys, time_point now)
    : options_(options), keys_(keys), last_heard_(now), last_ping_(now), side_(side) {}

// ---- in

std::span<std::byte> endpoint::prepare(std::span<std::byte> scratch) {
    if (in_frame_ && remaining_ >= direct_read_size && rest_.empty()) {
        reading_direct_ = true;
        return assembler_.prepare(static_cast<std::size_t>(remaining_));
    }
    reading_direct_ = false;
    if (rest_.empty()) {
        scratch_ = scratch;
        return scratch;
    }
    if (rest_.size() > scratch.size() / 2) {  // input that was parked
        scratch_ = {};
        return rest_.prepare(scratch.size());
    }
    // An unfinished header or control frame: it is moved to the front of scratch.
    std::ranges::copy(rest_.bytes(), scratch.begin());
    scratch_ = scratch;
    return scratch.subspan(rest_.size());
}

void endpoint::commit(std::size_t n, time_point now) {
    if (n > 0) {
        last_heard_ = now;
    }
    if (reading_direct_) {
        reading_direct_ = false;
        const error_code ec = assembler_.commit(n, [this](auto bytes) { unmask(bytes); });
        remaining_ -= n;
        if (ec) {
            fail(ec);
        }
        return;
    }
    if (scratch_.empty()) {
        rest_.commit(n);
        input_ = rest_.bytes();
    } else {
        input_ = scratch_.first(rest_.size() + n);
        rest_.release();
    }
}

void endpoint::commit_eof(error_code why, initiator who) {
    note_transport_error(why ? why : make_error_code(error::unclean_close), who);
    apply(close_input::end_of_input);
}

event endpoint::next_event() {
    settle();
    if (state_ == close_state::open || state_ == close_state::close_sent) {
        if (const event e = next_from_input(); e.kind != event_kind::none) {
            return e;
        }
    }
    if (state_ != close_state::open && state_ != close_state::close_sent) {
        input_ = {};  // §5.5.1: what follows a Close is not looked at
        rest_.release();
    }
    if (announce_closing_) {
        announce_closing_ = false;
        closing_announced_ = true;
        return {.kind = event_kind::closing, .payload = {}};
    }
    if (std::exchange(closing_announced_, false)) {
        apply(close_input::answered);
    }
    if (std::exchange(announce_closed_, false)) {
        return {.kind = event_kind::closed, .payload = {}};
    }
    return {};
}

message endpoint::take_message(const event& e) {
    if (delivered_) {
        return {e.message_kind, assembler_.take()};
    }
    return e.view().to_message();
}

void endpoint::park() {
    answer_ping();
    keep_rest();
}

// The last event has been dealt with.
void endpoint::settle() {
    answer_ping();
    if (std::exchange(delivered_, false)) {
        assembler_.reset();
    }
}

// RFC 6455 §5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response,
// unless it already received a Close frame." Nor after we have sent one.
void endpoint::answer_ping() {
    if (const auto payload = std::exchange(unanswered_ping_, std::nullopt);
        payload && state_ == close_state::open) {
        queue_control(opcode::pong, *payload);
    }
}

event endpoint::next_from_input() {
    while (state_ == close_state::open || state_ == close_state::close_sent) {
        if (!in_frame_) {
            const decoded_header decoded =
                decode_frame_header(input_, header_, {.receiver = side_, .rsv1_owned = false});
            if (decoded.ec) {
                fail(decoded.ec);
                break;
            }
            if (decoded.size == 0) {
                break;
            }
            if (is_control(header_.op) && input_.size() - decoded.size < header_.payload_length) {
                break;  // at most 125 bytes: wait for all of it
            }
            input_ = input_.subspan(decoded.size);
            if (!begin_frame()) {
                break;
            }
        }
        if (is_control(header_.op) ||
            (!in_frame_ && header_.fin && input_.size() >= header_.payload_length)) {
            const auto size = static_cast<std::size_t>(header_.payload_length);
            const auto payload = input_.first(size);
            input_ = input_.subspan(size);
            unmask(payload);
            remaining_ = 0;
            if (const event e = on_frame_complete(payload); e.kind != event_kind::none) {
                return e;
            }
            continue;
        }
        in_frame_ = true;
        if (!take_payload() || remaining_ > 0) {
            break;
        }
        in_frame_ = false;
        if (const error_code ec = assembler_.end_frame(header_.fin); ec) {
            fail(ec);
            break;
        }
        if (header_.fin) {
            delivered_ = true;
            if (state_ == close_state::open) {
                return {.kind = event_kind::message,
                        .payload = assembler_.payload(),
                        .message_kind = assembler_.kind()};
            }
            delivered_ = false;
            assembler_.reset();
        }
    }
    keep_rest();
    return {};
}

// The header of a frame is here: may this frame come now?
bool endpoint::begin_frame() {
    remaining_ = header_.payload_length;
    if (is_control(header_.op)) {
        return true;
    }
    const bool first = !assembler_.under_way();
    if (const error_code ec = assembler_.begin_frame(header_, options_); ec) {
        fail(ec);
        return false;
    }
    in_frame_ = !first;
    return true;
}

// Takes what is here of a data frame's payload.
bool endpoint::take_payload() {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input_.size()));
    if (size == 0) {
        return true;
    }
    const auto payload = input_.first(size);
    unmask(payload);
    input_ = input_.subspan(size);
    remaining_ -= size;
    if (const error_code ec = assembler_.append(payload); ec) {
        fail(ec);
        return false;
    }
    return true;
}

// A control frame, or the only frame of a message, is in the buffer whole.
event endpoint::on_frame_complete(std::span<const std::byte> payload) {
    switch (header_.op) {
        case opcode::ping:
            unanswered_ping_ = payload;
            return {.kind = event_kind::ping, .payload = payload};
        case opcode::pong:
            // §5.5.3: "A response to an unsolicited Pong frame is not expected."
            return {.kind = event_kind::pong, .payload = payload};
        case opcode::close:
            return on_close_frame(payload);
        default:
            break;
    }
    const error_code whole = assembler_.check_whole(payload);
    const error_code ended = assembler_.end_frame(true);
    if (whole || ended) {
        fail(whole ? whole : ended);
        return {};
    }
    if (state_ != close_state::open) {
        return {};  // §5.5.1: we have sent a Close; data that crosses it is discarded
    }
    return {.kind = event_kind::message, .payload = payload, .message_kind = assembler_.kind()};
}

event endpoint::on_close_frame(std::span<const std::byte> payload) {
    const decoded_close decoded = decode_close_payload(payload);
    if (decoded.ec) {
        fail(decoded.ec);
        return {};
    }
    if (state_ == close_state::open) {
        info_.code = decoded.reason.code();
        info_.reason = decoded.reason.text();
        info_.initiator = initiator::peer;
        // §5.5.1: "When sending a Close frame in response, the endpoint typically echos the status
        // code it received."
        answer_ = close_reason(decoded.reason.code());
    } else {
        info_.clean = true;
    }
    apply(close_input::peer_close);
    return {};
}

void endpoint::keep_rest() {
    if (input_.empty()) {
        rest_.release();
        return;
    }
    if (input_.data() == rest_.data() && input_.size() == rest_.size()) {
        return;
    }
    byte_buffer kept;
    kept.append(input_);
    rest_ = std::move(kept);
    input_ = rest_.bytes();
}

void endpoint::unmask(std::span<std::byte> bytes) const noexcept {
    if (header_.masked) {
        apply_mask(bytes, header_.key, header_.payload_length - remaining_);
    }
}

// ---- out

error_code endpoint::send(message_view view) {
    if (!can_send()) {
        return error::closed;
    }
    const opcode op = view.is_text() ? opcode::text : opcode::binary;
    outbox_.append(outgoing(op, view.size()), view.bytes());
    return {};
}

error_code endpoint::send(message&& whole) {
    if (!can_send()) {
        return error::closed;
    }
    const opcode op = whole.is_text() ? opcode::text : opcode::binary;
    const frame_header header = outgoing(op, whole.size());
    outbox_.append(header, whole.take());
    return {};
}

error_code endpoint::ping(std::span<const std::byte> payload) {
    if (!can_send()) {
        return error::closed;
    }
    if (payload.size() > max_control_payload) {
        return error::bad_argument;
    }
    queue_control(opcode::ping, payload);
    return {};
}

void endpoint::close(const close_reason& reason) {
    if (state_ == close_state::open) {
        answer_ = reason;
        info_.code = reason.code();
        info_.reason = reason.text();
        info_.initiator = initiator::local;
    }
    apply(close_input::local_close);
}

void endpoint::fail(error_code why) {
    if (state_ == close_state::open) {
        answer_ = close_reason(close_code_for(why), why.message());
        info_.code = answer_.code();
        info_.reason = answer_.text();
        info_.initiator = initiator::local;
    }
    if (!info_.ec) {
        info_.ec = why;
    }
    apply(close_input::failure);
}

void endpoint::consume_output(std::size_t n, time_point now) {
    outbox_.consume(n);
    if (outbox_.empty() && state_ == close_state::close_sent && !close_flushed_) {
        close_flushed_ = now;
    }
}

void endpoint::queue_control(opcode op, std::span<const std::byte> payload) {
    const frame_header header = outgoing(op, payload.size());
    if (op == opcode::pong && write_blocked_) {
        outbox_.append_urgent_pong(header, payload);
    } else {
        outbox_.append(header, payload);
    }
}

void endpoint::queue_close(const close_reason& reason) {
    const encoded_close payload = encode_close_payload(reason);
    queue_control(opcode::close, std::span(payload.bytes).first(payload.size));
}

frame_header endpoint::outgoing(opcode op, std::size_t size) {
    frame_header header{.op = op, .payload_length = size};
    // RFC 6455 §5.1: "a client MUST mask all frames that it sends to the server"; "A server MUST
    // NOT mask any frames that it sends to the client."
    if (side_ == role::client) {
        header.masked = true;
        header.key = keys_->next_key();
    }
    return header;
}

// ---- the closing handshake

void endpoint::apply(close_input input) {
    const close_step taken = step(state_, input);
    const bool answers_peer = state_ == close_state::close_received;
    state_ = taken.next;
    switch (taken.action) {
        case close_action::nothing:
            break;
        case close_action::send_close:
            queue_close(answer_);
            break;
        case close_action::announce:
            announce_closing_ = true;
            break;
        case close_action::send_close_finish:
            queue_close(answer_);
            info_.clean = info_.clean || answers_peer;
            [[fallthrough]];
        case close_action::finish:
            announce_closing_ = false;
            closing_announced_ = false;
            announce_closed_ = true;
            break;
    }
}

void endpoint::note_transport_error(error_code why, initiator who) noexcept {
    if (state_ == close_state::open) {
        info_.initiator = who;
    }
    if (!info_.ec && !info_.clean && state_ != close_state::close_received) {
        info_.ec = why;
    }
}

// ---- time

std::optional<time_point> endpoint::deadline() const noexcept {
    std::optional<time_point> first;
    const auto consider = [&](time_point from, std::chrono::milliseconds after) {
        if (after.count() > 0 && (!first || from + after < *first)) {
            first = from + after;
        }
    };
    if (state_ == close_state::open && !paused_) {
        consider(last_heard_, options_.idle_timeout);
        consider(std::max(last_heard_, last_ping_), options_.ping_interval);
    } else if (state_ == close_state::close_sent && close_flushed_) {
        consider(*close_flushed_, options_.close_timeout);
    }
    return first;
}

void endpoint::on_timer(time_point now) {
    const auto passed = [now](time_point from, std::chrono::milliseconds after) {
        return after.count() > 0 && now >= from + after;
    };
    if (state_ == close_state::open && !paused_) {
        if (passed(last_heard_, options_.idle_timeout)) {
            fail(error::idle_timeout);
        } else if (passed(std::max(last_heard_, last_ping_), options_.ping_interval)) {
            last_ping_ = now;
            if (!write_blocked_) {  // else one waits already, or output does
                queue_control(opcode::ping, {});
            }
        }
    } else if (state_ == close_state::close_sent && close_flushed_ &&
               passed(*close_flushed_, options_.close_timeout)) {
        note_transport_error(error::close_timeout, initiator::local);
        apply(close_input::timeout);
    }
}

void endpoint::pause_input(bool paused, time_point now) noexcept {
    if (paused_ && !paused) {
        last_heard_ = now;
    }
    paused_ = paused;
}

}  // namespace websock::protocol
