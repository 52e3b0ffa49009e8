#include "message_assembler.hpp"

#include <algorithm>

namespace websock::protocol {
namespace {

constexpr std::size_t first_room = 64 * 1024;

}  // namespace

error_code message_assembler::begin_frame(const frame_header& header,
                                          const connection_options& limits) noexcept {
    // RFC 6455 §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of
    // another message".
    if (header.op == opcode::continuation) {
        if (!under_way()) {
            return error::unexpected_continuation;
        }
    } else {
        if (under_way()) {
            return error::expected_continuation;
        }
        kind_ = header.op == opcode::text ? message_kind::text : message_kind::binary;
    }
    if (header.payload_length > limits.max_message_size ||
        claimed_ > limits.max_message_size - header.payload_length) {
        return error::message_too_big;
    }
    if (fragments_ >= limits.max_fragments) {
        return error::too_many_fragments;
    }
    claimed_ += header.payload_length;
    ++fragments_;
    return {};
}

error_code message_assembler::check_whole(std::span<const std::byte> payload) const noexcept {
    // RFC 6455 §8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the
    // byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket
    // Connection_."
    if (kind_ == message_kind::text && !is_valid_utf8(payload)) {
        return error::invalid_utf8;
    }
    return {};
}

error_code message_assembler::append(std::span<const std::byte> payload) {
    if (payload_.size() > received_) {
        payload_.resize(received_);
    }
    payload_.append(reinterpret_cast<const char*>(payload.data()), payload.size());
    received_ += payload.size();
    return validate(payload);
}

std::span<std::byte> message_assembler::prepare(std::size_t wanted) {
    // The string is resized ahead of what is received, so that each byte is zeroed only once.
    if (payload_.size() == received_) {
        payload_.resize(received_ + std::min(wanted, std::max(received_, first_room)));
    }
    const std::size_t room = std::min(wanted, payload_.size() - received_);
    return std::as_writable_bytes(std::span(payload_)).subspan(received_, room);
}

error_code message_assembler::end_frame(bool fin) {
    if (fin) {
        fragments_ = 0;
        claimed_ = 0;
        payload_.resize(received_);
        if (kind_ == message_kind::text && !utf8_.complete()) {
            return error::invalid_utf8;
        }
    }
    return {};
}

std::string message_assembler::take() noexcept {
    std::string payload = std::move(payload_);
    reset();
    return payload;
}

void message_assembler::reset() noexcept {
    payload_ = std::string();
    received_ = 0;
    claimed_ = 0;
    fragments_ = 0;
    utf8_.reset();
}

error_code message_assembler::validate(std::span<const std::byte> fresh) noexcept {
    if (kind_ == message_kind::text && !utf8_.feed(fresh)) {
        return error::invalid_utf8;
    }
    return {};
}

}  // namespace websock::protocol
