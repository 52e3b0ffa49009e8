#include "outbox.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "mask.hpp"

namespace websock::protocol {
namespace {

// A segment takes no further frames beyond this: what is written is freed a segment at a time.
constexpr std::size_t segment_limit = 64 * 1024;
// Below this a payload is cheaper to copy behind its header than to gather.
constexpr std::size_t copy_limit = 4 * 1024;
// Memory larger than this is freed, not kept for the next connection.
constexpr std::size_t keep_limit = 4 * segment_limit;

void append_frame(byte_buffer& to, const frame_header& header, std::span<const std::byte> payload) {
    const auto room = to.prepare(max_frame_header_size + payload.size());
    const std::size_t head = encode_frame_header(header, room);
    if (!payload.empty()) {
        // [6455-10.3-2]
        std::memcpy(room.data() + head, payload.data(), payload.size());
    }
    if (header.masked) {
        apply_mask(room.subspan(head, payload.size()), header.key, 0);
    }
    to.commit(head + payload.size());
}

}  // namespace

void outbox::append(const frame_header& header, std::span<const std::byte> payload) {
    segment& to = tail();
    const std::size_t before = to.small.size();
    append_frame(to.small, header, payload);
    to.has_pong = to.has_pong || header.op == opcode::pong;
    size_ += to.small.size() - before;
}

void outbox::append(const frame_header& header, std::string&& payload) {
    if (payload.size() < copy_limit) {
        append(header, std::as_bytes(std::span(payload)));
        return;
    }
    segment& last = tail();
    const auto room = last.small.prepare(max_frame_header_size);
    const std::size_t head = encode_frame_header(header, room);
    last.small.commit(head);
    last.large = std::move(payload);
    if (header.masked) {
        apply_mask(std::as_writable_bytes(std::span(last.large)), header.key, 0);
    }
    size_ += head + last.large.size();
}

void outbox::append_urgent_pong(const frame_header& header, std::span<const std::byte> payload) {
    auto& segments = memory_.segments_;
    // Behind what has begun, and behind the pongs that were queued before.
    std::size_t at = head_ + (head_offset_ > 0 ? 1 : 0);
    for (std::size_t i = at; i < segments.size(); ++i) {
        at = segments[i].has_pong ? i + 1 : at;
    }
    const auto waiting = std::find_if(segments.begin() + static_cast<std::ptrdiff_t>(at),
                                      segments.end(), [](const segment& s) { return s.is_pong; });
    if (waiting != segments.end()) {
        size_ -= waiting->size();
        waiting->small.clear();
        append_frame(waiting->small, header, payload);
        size_ += waiting->size();
        return;
    }
    segment pong;
    pong.is_pong = true;
    append_frame(pong.small, header, payload);
    size_ += pong.size();
    segments.insert(segments.begin() + static_cast<std::ptrdiff_t>(at), std::move(pong));
}

std::size_t outbox::gather(std::span<std::span<const std::byte>> views) const noexcept {
    std::size_t count = 0;
    std::size_t skip = head_offset_;
    const auto add = [&](std::span<const std::byte> bytes) {
        const std::size_t skipped = std::min(skip, bytes.size());
        skip -= skipped;
        if (skipped < bytes.size() && count < views.size()) {
            views[count++] = bytes.subspan(skipped);
        }
    };
    for (std::size_t i = head_; i < memory_.segments_.size() && count < views.size(); ++i) {
        add(memory_.segments_[i].small.bytes());
        add(std::as_bytes(std::span(memory_.segments_[i].large)));
    }
    return count;
}

void outbox::consume(std::size_t n) noexcept {
    size_ -= n;
    if (size_ == 0) {
        drop_written();
        return;
    }
    head_offset_ += n;
    while (head_offset_ >= memory_.segments_[head_].size()) {
        segment& written = memory_.segments_[head_];
        head_offset_ -= written.size();
        written.small.release();
        release_memory(written.large);
        ++head_;
    }
    // Keep the written part from outgrowing the waiting one.
    if (head_ >= 32 && head_ >= memory_.segments_.size() / 2) {
        memory_.segments_.erase(memory_.segments_.begin(),
                                memory_.segments_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

void outbox::borrow(memory& lent) noexcept {
    if (empty() && memory_.spare_.capacity() == 0) {
        std::swap(memory_, lent);
    }
}

void outbox::give_back(memory& lent) noexcept {
    if (!empty()) {
        return;
    }
    if (lent.spare_.capacity() == 0) {
        std::swap(memory_, lent);
    }
    memory_ = memory();
}

// The last segment, if it can take another frame; else a new one.
outbox::segment& outbox::tail() {
    auto& segments = memory_.segments_;
    if (segments.size() > head_) {
        segment& last = segments.back();
        if (last.large.empty() && !last.is_pong && last.small.size() < segment_limit) {
            return last;
        }
    }
    segment& fresh = segments.emplace_back();
    if (memory_.spare_.capacity() > 0) {
        fresh.small = std::move(memory_.spare_);
    }
    return fresh;
}

// All is written: keep one segment's memory for the next frames.
void outbox::drop_written() noexcept {
    byte_buffer& last = memory_.segments_.back().small;
    if (memory_.spare_.capacity() == 0 && last.capacity() <= keep_limit) {
        memory_.spare_ = std::move(last);
        memory_.spare_.clear();
    }
    memory_.segments_.clear();
    head_ = 0;
    head_offset_ = 0;
}

}  // namespace websock::protocol
