#include "message_assembler.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace websock::protocol {
namespace {

constexpr std::size_t first_room = 64 * 1024;
// What is zeroed, received and unmasked in turn shall fit into a core's cache together.
constexpr std::size_t most_room = 2 * first_room;
// A message of one frame that claims no more than this gets its memory in one piece.
constexpr std::size_t modest = 1024 * 1024;

// Compressed data may be larger than what it stands for: by an eighth in blocks of fixed codes, by
// some ten bytes for each flush, and peers flush each fragment. The limit is for what comes out;
// this is for data of which nothing does, such as empty blocks without end.
constexpr std::uint64_t most_compressed(std::uint64_t size, std::size_t fragments) noexcept {
    const std::uint64_t slack = 64 * 1024 + std::uint64_t{16} * fragments;
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    return size > (most - slack) / 2 ? most : 2 * size + slack;
}

}  // namespace

error_code message_assembler::begin_frame(const frame_header& header) noexcept {
    // RFC 6455 §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of
    // another message".
    // [6455-5.4-4]
    if (header.op == opcode::continuation) {
        if (!under_way()) {
            return error::unexpected_continuation;
        }
    } else {
        if (under_way()) {
            return error::expected_continuation;
        }
        // [6455-5.4-11, 6455-6.2-3]
        kind_ = header.op == opcode::text ? message_kind::text : message_kind::binary;
        // RFC 7692 §6: RSV1 of the first frame says whether the message is compressed.
        compressed_ = header.rsv1;
    }
    const std::uint64_t most = compressed_
                                   ? most_compressed(limits_.max_message_size, fragments_ + 1)
                                   : limits_.max_message_size;
    // [6455-10.4-1]
    if (header.payload_length > most || claimed_ > most - header.payload_length) {
        return error::message_too_big;
    }
    if (fragments_ >= limits_.max_fragments) {
        return error::too_many_fragments;
    }
    claimed_ += header.payload_length;
    ++fragments_;
    return {};
}

// [7692-6.2-2]
error_code message_assembler::take_whole(std::span<const std::byte>& payload) {
    if (compressed_) {
        return inflate_whole(payload);
    }
    end_message();
    return check_whole(payload);
}

// RFC 6455 §8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte
// stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket
// Connection_."
// [6455-5.6-1, 6455-8.1-1]
error_code message_assembler::check_whole(std::span<const std::byte> message) const noexcept {
    if (kind_ == message_kind::text && !is_valid_utf8(message)) {
        return error::invalid_utf8;
    }
    return {};
}

error_code message_assembler::append(std::span<const std::byte> payload) {
    // [7692-6.2-1]
    return compressed_ ? inflate(payload) : keep(payload);
}

std::span<std::byte> message_assembler::prepare(std::size_t wanted) {
    // The string is resized ahead of what is received, so that each byte is zeroed only once.
    if (payload_.size() == received_) {
        const std::size_t room = std::min(wanted, std::clamp(received_, first_room, most_room));
        reserve_for(received_ + room);
        payload_.resize(received_ + room);
    }
    const std::size_t room = std::min(wanted, payload_.size() - received_);
    return std::as_writable_bytes(std::span(payload_)).subspan(received_, room);
}

error_code message_assembler::end_frame(bool fin) {
    if (!fin) {
        return {};
    }
    if (compressed_) {
        if (!deflate_->reader().finish()) {
            return error::bad_compression;
        }
    }
    end_message();
    // [6455-5.6-1]
    return kind_ == message_kind::text && !utf8_.complete() ? make_error_code(error::invalid_utf8)
                                                            : error_code();
}

std::string message_assembler::take() noexcept {
    std::string payload = std::move(payload_);
    reset();
    return payload;
}

void message_assembler::reset() noexcept {
    release_memory(payload_);
    received_ = 0;
    claimed_ = 0;
    fragments_ = 0;
    utf8_.reset();
}

// The last frame of the message is here whole; its content stays until reset().
// [6455-6.2-4]
void message_assembler::end_message() noexcept {
    fragments_ = 0;
    claimed_ = 0;
    payload_.resize(received_);
    if (std::exchange(compressed_, false)) {
        deflate_->end_message();
    }
}

// Memory for `size` bytes, and for some of what is to come: growing a step at a time would copy the
// message as often. What is reserved is not resident yet, but follows what is here all the same.
void message_assembler::reserve_for(std::size_t size) {
    if (size <= payload_.capacity()) {
        return;
    }
    std::uint64_t capacity = limits_.max_message_size;
    if (!compressed_ && fragments_ == 1) {
        const std::uint64_t ahead = std::max<std::uint64_t>(modest, std::uint64_t{16} * size);
        capacity = std::min(claimed_, ahead);
    } else {
        // A half, a quarter … of the limit: while the string moves, its old memory and what is in
        // use of the new are then within the limit, too.
        constexpr std::size_t least = 256;
        while (capacity / 2 >= std::max(size, least)) {
            capacity /= 2;
        }
    }
    reserve_exactly(payload_, std::max(static_cast<std::size_t>(capacity), size));
}

// Takes the next bytes of the message itself.
error_code message_assembler::keep(std::span<const std::byte> fresh) {
    if (payload_.size() > received_) {
        payload_.resize(received_);
    }
    const std::size_t size = received_ + fresh.size();
    reserve_for(size);
    // [6455-5.4-1, 6455-5.4-3, 6455-5.4-6]
    payload_.append(reinterpret_cast<const char*>(fresh.data()), fresh.size());
    received_ = size;
    return validate(fresh);
}

error_code message_assembler::validate(std::span<const std::byte> fresh) noexcept {
    // [6455-5.6-1, 6455-8.1-1]
    if (kind_ == message_kind::text && !utf8_.feed(fresh)) {
        return error::invalid_utf8;
    }
    return {};
}

// ---- compressed messages

// Decompresses what is here of the payload.
error_code message_assembler::inflate(std::span<const std::byte> payload) {
    inflater& codec = deflate_->reader();
    inflate_status status{};
    do {
        const std::span<std::byte> room = inflate_room();
        std::span<std::byte> rest = room;
        status = codec.read(payload, rest);
        if (const error_code ec = keep_inflated(room.first(room.size() - rest.size()), status);
            ec) {
            return ec;
        }
    } while (status == inflate_status::need_output);
    return {};
}

// The payload of the only frame is here: a message that fits the thread's room is not copied.
// [7692-6.2-1]
error_code message_assembler::inflate_whole(std::span<const std::byte>& payload) {
    inflater& codec = deflate_->reader();
    const std::span<std::byte> room = inflate_room();
    std::span<std::byte> rest = room;
    std::span<const std::byte> in = payload;
    inflate_status status = codec.read(in, rest);
    if (status == inflate_status::need_input && !codec.finish()) {
        status = inflate_status::broken;
    }
    const auto fresh = room.first(room.size() - rest.size());
    if (status == inflate_status::need_input && fresh.size() <= limits_.max_message_size) {
        payload = fresh;
        end_message();
        return check_whole(payload);
    }
    if (const error_code ec = keep_inflated(fresh, status); ec) {
        return ec;
    }
    if (const error_code ec = inflate(in); ec) {
        return ec;
    }
    const error_code ec = end_frame(true);
    payload = this->payload();
    return ec;
}

error_code message_assembler::keep_inflated(std::span<const std::byte> fresh,
                                            inflate_status status) {
    // What fits is judged first, so that the verdict does not depend on how much is here at once.
    const std::size_t left = limits_.max_message_size - received_;
    if (const error_code ec = keep(fresh.first(std::min(fresh.size(), left))); ec) {
        return ec;
    }
    if (fresh.size() > left) {
        return error::message_too_big;
    }
    return status == inflate_status::broken ? make_error_code(error::bad_compression)
                                            : error_code();
}

// Where to decompress to: the thread's memory, but no more of it than shows that a message is over
// the limit.
std::span<std::byte> message_assembler::inflate_room() {
    const std::span<std::byte> room = deflate_->room();
    const std::size_t left = limits_.max_message_size - received_;
    return left < room.size() ? room.first(left + 1) : room;
}

}  // namespace websock::protocol
