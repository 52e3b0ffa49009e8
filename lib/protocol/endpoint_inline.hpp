// endpoint: what runs for each message of the usual kind, inline (included by endpoint.hpp). The
// rest of the input side is in endpoint_input.cpp.
#pragma once

#include <cstring>

#include "endpoint.hpp"
#include "mask.hpp"
#include "utf8.hpp"

namespace websock::protocol {

// The last event has been dealt with.
inline void endpoint::settle() {
    if (unanswered_ping_) {
        answer_ping();
    }
    if (delivered_) {
        delivered_ = false;
        assembler_.reset();
    }
}

// What most input is, in few instructions: a data frame that is a whole message, not compressed, of
// less than 64 KiB, and all of it is here. Whatever else it is, or if something is wrong with it,
// next_from_input() says so.
[[gnu::always_inline]] inline bool endpoint::take_single_frame(event& message) {
    const std::size_t key_size = side_ == role::server ? std::tuple_size_v<masking_key> : 0;
    const std::size_t have = input_.size();
    if (have < 4 + key_size) {
        return false;
    }
    const auto octet = [at = input_.data()](std::size_t i) {
        return std::to_integer<unsigned>(at[i]);
    };
    const unsigned kind = octet(0) ^ wire::fin_bit;  // the opcode, if no other bit is set
    std::size_t length = octet(1) ^ (key_size > 0 ? wire::mask_bit : 0);
    std::size_t header_size = 2 + key_size;
    if (length == wire::length_16) {
        length = octet(2) << 8 | octet(3);
        header_size += 2;
        if (length < wire::length_16) {
            return false;
        }
    } else if (length > wire::length_16) {
        return false;  // 64 bits, or masked as it may not be
    }
    const bool is_text = kind == static_cast<unsigned>(opcode::text);
    const bool is_data = is_text || kind == static_cast<unsigned>(opcode::binary);
    if (!is_data || have < header_size + length || length > options_.max_message_size ||
        assembler_.under_way()) {
        return false;
    }
    const std::span<std::byte> payload = input_.subspan(header_size, length);
    constexpr std::size_t short_payload = 64;
    bool is_ascii = false;
    if (key_size > 0) {
        masking_key key;
        std::memcpy(key.data(), payload.data() - key.size(), key.size());
        if (length <= short_payload) {
            is_ascii = apply_mask_short(payload, key);
        } else {
            is_ascii = apply_mask(payload, key, 0);
        }
    }
    input_ = input_.subspan(header_size + length);
    if (is_text && !is_ascii && !is_valid_utf8(payload)) {
        fail(error::invalid_utf8);
        return false;
    }
    message.kind = event_kind::message;
    message.payload = payload;
    message.message_kind = is_text ? message_kind::text : message_kind::binary;
    return true;
}

[[gnu::always_inline]] inline event endpoint::next_event() {
    settle();
    event next;
    if (state_ == close_state::open && !in_frame_) {
        if (input_.empty()) {
            rest_.release();
            return next;
        }
        if (take_single_frame(next)) {
            return next;
        }
    }
    next = next_in_general();
    return next;
}

}  // namespace websock::protocol
