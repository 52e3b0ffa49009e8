// The frames that wait to be written, in order, as a gather list. Small frames share a segment;
// a large payload that is handed over stays where it is. While the socket refuses writes, at most
// one pong waits, and it goes out next (DESIGN §3.3).
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "byte_buffer.hpp"
#include "frame.hpp"
#include "mask.hpp"

namespace websock::protocol {

class outbox {
    struct segment {
        byte_buffer small;  // whole frames, or ending in the header of a large payload:
        std::string large;  // behind `small`
        std::span<const std::byte> lent;  // or somebody else's, until own_lent()
        bool is_closed = false;           // takes no further frames
        bool is_pong = false;             // a pong that waits alone, and may be replaced
        bool has_pong = false;            // among other frames
        [[nodiscard]] std::size_t size() const noexcept {
            return small.size() + large.size() + lent.size();
        }
    };

public:
    /// The queue's memory: a thread lends its own to whichever of its connections is writing, so
    /// that an idle connection holds none. With nothing queued it is one empty segment.
    class memory {
        friend class outbox;
        std::vector<segment> segments_ = std::vector<segment>(1);
        std::size_t head_ = 0;         // index of the first segment that is not written whole
        std::size_t head_offset_ = 0;  // bytes of it that are written
    };

    /// Queues a frame with a copy of `payload`, masked if the header says so.
    void append(const frame_header& header, std::span<const std::byte> payload) {
        segment& to = tail();
        to.has_pong = to.has_pong || header.op == opcode::pong;
        size_ += append_frame(to.small, header, payload);
    }
    /// Queues a message, unmasked and in one frame, with a copy of `payload`.
    [[gnu::always_inline]] void append_plain(opcode op, std::span<const std::byte> payload) {
        byte_buffer& to = tail().small;
        const auto room = to.prepare(max_frame_header_size + payload.size());
        std::byte* const end = encode_plain_header(op, payload.size(), room.data());
        if (!payload.empty()) {
            std::memcpy(end, payload.data(), payload.size());
        }
        const auto size = static_cast<std::size_t>(end - room.data()) + payload.size();
        to.commit(size);
        size_ += size;
    }
    /// The same, masked.
    [[gnu::always_inline]] void append_masked(opcode op, std::span<const std::byte> payload,
                                              const masking_key& key) {
        constexpr std::size_t short_payload = 64;
        byte_buffer& to = tail().small;
        const auto room = to.prepare(max_frame_header_size + payload.size());
        std::byte* const end = encode_masked_header(op, payload.size(), key, room.data());
        const std::span<std::byte> copy(end, payload.size());
        if (!payload.empty()) {
            // [6455-10.3-2]
            std::memcpy(end, payload.data(), payload.size());
        }
        if (payload.size() <= short_payload) {
            static_cast<void>(apply_mask_short(copy, key));
        } else {
            apply_mask(copy, key, 0);
        }
        const auto size = static_cast<std::size_t>(end - room.data()) + payload.size();
        to.commit(size);
        size_ += size;
    }
    /// Queues a frame whose payload is handed over; copied only if it is small.
    void append(const frame_header& header, std::string&& payload);
    /// Queues an unmasked frame whose payload stays where it is until own_lent().
    void append_lent(const frame_header& header, std::span<const std::byte> payload);
    /// Copies what has not been written of the lent payloads.
    void own_lent();
    /// Queues a pong while the socket refuses writes: it replaces one that waits already, and
    /// goes out before everything but the frames that have been begun.
    void append_urgent_pong(const frame_header& header, std::span<const std::byte> payload);

    /// Fills `views` from the front of the queue; returns how many were set.
    [[nodiscard]] std::size_t gather(std::span<std::span<const std::byte>> views) const noexcept;
    /// The first bytes of the queue that lie in one piece.
    [[nodiscard, gnu::always_inline]] std::span<const std::byte> front() const noexcept {
        if (empty()) {
            return {};
        }
        const auto& [segments, head, head_offset] = *memory_;
        const std::span<const std::byte> small = segments[head].small.bytes();
        return head_offset < small.size() ? small.subspan(head_offset) : front_payload();
    }
    /// Removes `n` bytes (≤ size()) from the front: they have been written.
    [[gnu::always_inline]] void consume(std::size_t n) noexcept {
        size_ -= n;
        if (size_ > 0) {
            drop_front(n);
        } else if (n > 0) {
            drop_all();
        }
    }

    /// Bytes queued.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Takes `lent` for the frames to come, if it has no memory of its own.
    [[gnu::always_inline]] void borrow(std::unique_ptr<memory>& lent) noexcept {
        if (!memory_) {
            memory_.swap(lent);
        }
    }
    /// Gives the memory back, or frees it, if nothing is queued.
    [[gnu::always_inline]] void give_back(std::unique_ptr<memory>& lent) noexcept {
        if (empty()) {
            if (!lent) {
                lent.swap(memory_);
            } else {
                memory_.reset();
            }
        }
    }

private:
    // A segment takes no further frames beyond this: what is written is freed a segment at a time.
    static constexpr std::size_t segment_limit = 64 * 1024;
    // Memory larger than this is freed, not kept for the next connection.
    static constexpr std::size_t keep_limit = 4 * segment_limit;

    /// Returns the size of the frame.
    static std::size_t append_frame(byte_buffer& to, const frame_header& header,
                                    std::span<const std::byte> payload) {
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
        return head + payload.size();
    }

    /// The last segment, if it can take another frame; else a new one.
    [[nodiscard, gnu::always_inline]] segment& tail() {
        if (memory_) {
            segment& last = memory_->segments_.back();
            if (!last.is_closed && last.small.size() < segment_limit) {
                return last;
            }
        }
        return new_tail();
    }
    [[nodiscard]] segment& new_tail();
    [[nodiscard]] segment& append_header(const frame_header& header);
    [[nodiscard]] std::span<const std::byte> front_payload() const noexcept;
    void drop_front(std::size_t n) noexcept;
    /// Keeps one segment's memory for the next frames.
    [[gnu::always_inline]] void drop_all() noexcept {
        segment& only = memory_->segments_.front();
        if (memory_->segments_.size() > 1 || only.is_closed || only.small.capacity() > keep_limit) {
            start_anew();
        }
        memory_->head_ = 0;
        memory_->head_offset_ = 0;
        only.small.clear();
        only.has_pong = false;
    }
    void start_anew() noexcept;

    std::unique_ptr<memory> memory_;  // none: nothing is queued
    std::size_t size_ = 0;
};

}  // namespace websock::protocol
