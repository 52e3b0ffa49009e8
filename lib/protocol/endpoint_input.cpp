// endpoint: from received bytes to events (RFC 6455 §5).
#include <algorithm>
#include <cstring>
#include <utility>

#include "close_payload.hpp"
#include "endpoint.hpp"
#include "mask.hpp"

namespace websock::protocol {
namespace {

// Payload that is still to come is read straight into the message from this size on.
constexpr std::size_t direct_read_size = 16 * 1024;

}  // namespace

// A message or a header has begun.
std::span<std::byte> endpoint::prepare_further(std::span<std::byte> scratch) {
    if (in_frame_ && remaining_ >= direct_read_size && rest_.empty() && assembler_.can_prepare()) {
        reading_direct_ = true;
        return assembler_.prepare(static_cast<std::size_t>(remaining_));
    }
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

void endpoint::commit_further(std::size_t n) {
    if (reading_direct_) {
        reading_direct_ = false;
        const error_code ec = assembler_.commit(n, [this](auto bytes) { return unmask(bytes); });
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

// RFC 6455 §5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response,
// unless it already received a Close frame." Nor after we have sent one.
void endpoint::answer_ping() {
    const auto payload = *std::exchange(unanswered_ping_, std::nullopt);
    if (state_ == close_state::open) {
        // [6455-5.5.2-1, 6455-5.5.3-1]
        queue_control(opcode::pong, payload);
    }
}

event endpoint::next_in_general() {
    if (state_ == close_state::open || state_ == close_state::close_sent) {
        if (const event e = next_from_input(); e.kind != event_kind::none) {
            return e;
        }
    }
    if (state_ != close_state::open && state_ != close_state::close_sent) {
        input_ = {};  // §5.5.1: what follows a Close is not looked at
        rest_.release();
        assembler_.reset();  // the beginning of a message that will never be whole
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

event endpoint::next_from_input() {
    // [6455-7.1.7-3]
    while (state_ == close_state::open || state_ == close_state::close_sent) {
        if (!in_frame_) {
            // [6455-5.8-1, 6455-6.2-1, 6455-10.7-1]
            const decoded_header decoded = decode_frame_header(
                input_, header_, {.receiver = side_, .rsv1_owned = deflate_ != nullptr});
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
        // [6455-5.4-5]
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
        if (deflate_) {
            last_codec_use_ = last_heard_;  // it may have taken long to arrive
        }
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
    if (header_.rsv1) {
        last_codec_use_ = last_heard_;
    }
    if (is_control(header_.op)) {
        return true;
    }
    const bool first = !assembler_.under_way();
    if (const error_code ec = assembler_.begin_frame(header_); ec) {
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
    // [6455-6.2-2]
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
    if (const error_code ec = assembler_.take_whole(payload); ec) {
        fail(ec);
        return {};
    }
    if (state_ != close_state::open) {
        assembler_.reset();
        return {};  // §5.5.1: we have sent a Close; data that crosses it is discarded
    }
    delivered_ = assembler_.holds_payload();
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

// True if it is known that all of them are ASCII.
bool endpoint::unmask(std::span<std::byte> bytes) const noexcept {
    return header_.masked && apply_mask(bytes, header_.key, header_.payload_length - remaining_);
}

}  // namespace websock::protocol
