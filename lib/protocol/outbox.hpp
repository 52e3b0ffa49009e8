// The frames that wait to be written, in order, as a gather list. Small frames share a segment;
// a large payload that is handed over stays where it is. While the socket refuses writes, at most
// one pong waits, and it goes out next (DESIGN §3.3).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "byte_buffer.hpp"
#include "frame.hpp"

namespace websock::protocol {

class outbox {
    struct segment {
        byte_buffer small;      // whole frames, or ending in the header of `large`
        std::string large;      // a payload of its own, behind `small`
        bool is_pong = false;   // a pong that waits alone, and may be replaced
        bool has_pong = false;  // among other frames
        [[nodiscard]] std::size_t size() const noexcept { return small.size() + large.size(); }
    };

public:
    /// Memory that a thread lends to whichever of its connections is writing, so that an idle
    /// connection holds none.
    class memory {
        friend class outbox;
        std::vector<segment> segments_;
        byte_buffer spare_;
    };

    /// Queues a frame with a copy of `payload`, masked if the header says so.
    void append(const frame_header& header, std::span<const std::byte> payload);
    /// Queues a frame whose payload is handed over; copied only if it is small.
    void append(const frame_header& header, std::string&& payload);
    /// Queues a pong while the socket refuses writes: it replaces one that waits already, and
    /// goes out before everything but the frames that have been begun.
    void append_urgent_pong(const frame_header& header, std::span<const std::byte> payload);

    /// Fills `views` from the front of the queue; returns how many were set.
    [[nodiscard]] std::size_t gather(std::span<std::span<const std::byte>> views) const noexcept;
    /// Removes `n` bytes (≤ size()) from the front: they have been written.
    void consume(std::size_t n) noexcept;

    /// Bytes queued.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Takes `lent` for the frames to come, if nothing is queued.
    void borrow(memory& lent) noexcept;
    /// Gives the memory back, if nothing is queued.
    void give_back(memory& lent) noexcept;

private:
    [[nodiscard]] segment& tail();
    void drop_written() noexcept;

    memory memory_;
    std::size_t head_ = 0;         // index of the first segment that is not written whole
    std::size_t head_offset_ = 0;  // bytes of it that are written
    std::size_t size_ = 0;
};

}  // namespace websock::protocol
