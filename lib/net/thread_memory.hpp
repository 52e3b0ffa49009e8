// What the connections of one thread share: the receive buffer, the memory of whichever outbox is
// being filled, and the codecs of permessage-deflate. An idle connection holds none of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <ctime>
#include <span>

#include "../protocol/codec_pool.hpp"
#include "../protocol/outbox.hpp"

namespace websock::net {

/// The calling thread's receive buffer, for use between two suspensions.
[[nodiscard]] std::span<std::byte> thread_scratch();
/// The calling thread's spare outbox memory.
[[nodiscard]] protocol::outbox::memory& thread_outbox_memory();

/// The calling thread's compressors and decompressors.
[[nodiscard]] protocol::codec_pool& thread_codecs();

/// steady_clock to some milliseconds, without a system call's cost: for activity, not for
/// deadlines.
[[nodiscard]] inline std::chrono::steady_clock::time_point coarse_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                                 std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace websock::net
