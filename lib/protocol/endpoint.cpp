// endpoint: what is sent, the closing handshake, and time. What is received: endpoint_input.cpp.
#include "endpoint.hpp"

#include <algorithm>
#include <utility>

#include "close_payload.hpp"

namespace websock::protocol {

endpoint::endpoint(role side, const connection_options& options, key_source* keys, time_point now)
    : options_(options), keys_(keys), last_heard_(now), last_ping_(now), side_(side) {}

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
    if (state_ == close_state::open) {
        if (!paused_) {
            consider(last_heard_, options_.idle_timeout);
        }
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
