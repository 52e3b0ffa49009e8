#include "outbox.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "mask.hpp"

namespace websock::protocol {
namespace {

// Below this a payload is cheaper to copy behind its header than to gather.
constexpr std::size_t copy_limit = 4 * 1024;

}  // namespace

void outbox::append(const frame_header& header, std::string&& payload) {
    if (payload.size() < copy_limit) {
        append(header, std::as_bytes(std::span(payload)));
        return;
    }
    segment& last = append_header(header);
    last.large = std::move(payload);
    if (header.masked) {
        apply_mask(std::as_writable_bytes(std::span(last.large)), header.key, 0);
    }
    size_ += last.large.size();
}

void outbox::append_lent(const frame_header& header, std::span<const std::byte> payload) {
    append_header(header).lent = payload;
    size_ += payload.size();
}

void outbox::own_lent() {
    if (empty()) {
        return;
    }
    auto& [segments, head, head_offset] = *memory_;
    for (std::size_t i = head; i < segments.size(); ++i) {
        segment& each = segments[i];
        const std::size_t begun = i == head ? head_offset : 0;
        const std::size_t written = begun - std::min(begun, each.small.size());
        const auto rest = each.lent.subspan(std::min(written, each.lent.size()));
        if (!rest.empty()) {
            each.large.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
            each.lent = {};
            head_offset -= written;
        }
    }
}

void outbox::append_urgent_pong(const frame_header& header, std::span<const std::byte> payload) {
    static_cast<void>(tail());
    auto& segments = memory_->segments_;
    // Behind what has begun, and behind the pongs that were queued before.
    std::size_t at = memory_->head_ + (memory_->head_offset_ > 0 ? 1 : 0);
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
    pong.is_closed = true;
    append_frame(pong.small, header, payload);
    size_ += pong.size();
    segments.insert(segments.begin() + static_cast<std::ptrdiff_t>(at), std::move(pong));
}

std::size_t outbox::gather(std::span<std::span<const std::byte>> views) const noexcept {
    if (empty()) {
        return 0;
    }
    std::size_t count = 0;
    std::size_t skip = memory_->head_offset_;
    const auto add = [&](std::span<const std::byte> bytes) {
        const std::size_t skipped = std::min(skip, bytes.size());
        skip -= skipped;
        if (skipped < bytes.size() && count < views.size()) {
            views[count++] = bytes.subspan(skipped);
        }
    };
    const auto& segments = memory_->segments_;
    for (std::size_t i = memory_->head_; i < segments.size() && count < views.size(); ++i) {
        add(segments[i].small.bytes());
        add(std::as_bytes(std::span(segments[i].large)));
        add(segments[i].lent);
    }
    return count;
}

// The first segment's, if its `small` has been written.
std::span<const std::byte> outbox::front_payload() const noexcept {
    std::array<std::span<const std::byte>, 1> first;
    static_cast<void>(gather(first));
    return first[0];
}

void outbox::drop_front(std::size_t n) noexcept {
    auto& [segments, head, head_offset] = *memory_;
    head_offset += n;
    while (head_offset >= segments[head].size()) {
        segment& written = segments[head];
        head_offset -= written.size();
        written.small.release();
        written.lent = {};
        release_memory(written.large);
        ++head;
    }
    // Keep the written part from outgrowing the waiting one.
    if (head >= 32 && head >= segments.size() / 2) {
        segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(head));
        head = 0;
    }
}

// A header whose payload will be a segment's own.
outbox::segment& outbox::append_header(const frame_header& header) {
    segment& last = tail();
    const std::size_t size = encode_frame_header(header, last.small.prepare(max_frame_header_size));
    last.small.commit(size);
    last.is_closed = true;
    size_ += size;
    return last;
}

outbox::segment& outbox::new_tail() {
    if (!memory_) {
        memory_ = std::make_unique<memory>();
        return memory_->segments_.back();
    }
    return memory_->segments_.emplace_back();
}

void outbox::start_anew() noexcept {
    auto& segments = memory_->segments_;
    byte_buffer kept = std::move(segments.back().small);
    segments.resize(1);
    segments.front() = segment();
    if (kept.capacity() <= keep_limit) {
        segments.front().small = std::move(kept);
    }
}

}  // namespace websock::protocol
