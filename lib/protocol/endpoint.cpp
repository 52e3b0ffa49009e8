// endpoint: what is sent, the closing handshake, and time. What is received: endpoint_input.cpp.
#include "endpoint.hpp"

#include <algorithm>
#include <utility>

#include "close_payload.hpp"

namespace websock::protocol {

endpoint::endpoint(role side, const connection_options& options, key_source* keys, time_point now)
    : options_(options),
      keys_(keys),
      assembler_(options),
      last_heard_(now),
      last_ping_(now),
      last_codec_use_(now),
      side_(side) {}

void endpoint::enable_deflate(const deflate_params& agreed, codec_pool_source pools) {
    // [7692-5-11]
    deflate_ = std::make_unique<deflate_extension>(agreed, options_.deflate, side_, pools);
    assembler_.enable_deflate(*deflate_);
}

// ---- out

error_code endpoint::send(message&& whole, const send_options& how) {
    if (!can_send()) {
        return error::closed;
    }
    if (!deflate_ || !send_compressed(whole, how)) {
        const frame_header header = outgoing(opcode_of(whole), whole.size());
        outbox_.append(header, whole.take());
    }
    return {};
}

void endpoint::send_lent(message_view view) {
    outbox_.append_lent(outgoing(opcode_of(view), view.size()), view.bytes());
}

// RFC 7692 §6.1: a compressed message is a message whose first frame has RSV1 set, and whose
// payload is the compressed one. False: it is to be sent as it is.
bool endpoint::send_compressed(message_view view, const send_options& how) {
    // [6455-9.1-5, 7692-6.1-2]
    const auto payload = deflate_->compress(view.bytes(), how.compress());
    if (!payload.empty()) {
        frame_header header = outgoing(opcode_of(view), payload.size());
        // [7692-6.1-1]
        header.rsv1 = true;
        outbox_.append(header, payload);
        has_compressed_ = true;
    }
    deflate_->end_compress();
    return !payload.empty();
}

error_code endpoint::ping(std::span<const std::byte> payload) {
    if (!can_send()) {
        return error::closed;
    }
    // [6455-5.5-1]
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

void endpoint::note_output(time_point now, bool is_all) noexcept {
    if (std::exchange(has_compressed_, false)) {
        last_codec_use_ = now;
    }
    if (is_all && state_ == close_state::close_sent && !close_flushed_) {
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
    // [6455-7.1.2-1]
    const encoded_close payload = encode_close_payload(reason);
    queue_control(opcode::close, std::span(payload.bytes).first(payload.size));
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
            if (deflate_) {
                deflate_->end();
            }
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
    if (state_ == close_state::open) {
        if (!paused_) {
            consider(last_heard_, options_.idle_timeout);
        }
        consider(std::max(last_heard_, last_ping_), options_.ping_interval);
        if (deflate_ && deflate_->holds_codec()) {
            consider(last_codec_use_, options_.deflate.release_after);
        }
    } else if (state_ == close_state::close_sent && close_flushed_) {
        consider(*close_flushed_, options_.close_timeout);
    }
    return first;
}

void endpoint::on_timer(time_point now) {
    const auto passed = [now](time_point from, std::chrono::milliseconds after) {
        return after.count() > 0 && now >= from + after;
    };
    if (deflate_ && passed(last_codec_use_, options_.deflate.release_after)) {
        deflate_->release();
    }
    if (state_ == close_state::open) {
        if (!paused_ && passed(last_heard_, options_.idle_timeout)) {
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
