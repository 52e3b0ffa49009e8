// What the connections of one thread share: the receive buffer, the memory of whichever outbox is
// being filled, and the codecs of permessage-deflate. An idle connection holds none of them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <websock/message.hpp>

#include "../protocol/codec_pool.hpp"
#include "../protocol/outbox.hpp"

namespace websock::detail {

/// The memory of small messages that have been sent, for small messages that arrive.
class message_memory {
public:
    /// In bytes; a message that is larger has memory of its own.
    static constexpr std::size_t largest = 2048;

    [[nodiscard]] message copy(message_kind kind, std::span<const std::byte> payload) {
        message result;
        result.payload_ =
            count_ > 0 ? std::move(spares_[--count_]) : std::make_unique<std::string>();
        fill(*result.payload_, payload);
        result.kind_ = kind;
        return result;
    }
    void put(message&& sent) noexcept {
        if (sent.payload_ && count_ < spares_.size() && sent.payload_->capacity() <= 2 * largest) {
            spares_[count_++] = std::move(sent.payload_);
        }
    }

private:
    // As assign(), which costs more where the string has been as large before.
    static void fill(std::string& text, std::span<const std::byte> payload) {
        if (payload.size() <= text.size()) {
            text.resize(payload.size());
            std::memcpy(text.data(), payload.data(), payload.size());
        } else {
            text.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
        }
    }

    std::array<std::unique_ptr<std::string>, 32> spares_;
    std::size_t count_ = 0;
};

}  // namespace websock::detail

namespace websock::net {

struct tls_buffers;

/// One thread's.
struct thread_memory {
    thread_memory();
    thread_memory(const thread_memory&) = delete;
    thread_memory& operator=(const thread_memory&) = delete;
    ~thread_memory();

    /// The receive buffer, for use between two suspensions.
    std::span<std::byte> scratch;
    /// Spare memory for an outbox; none while one uses it.
    std::unique_ptr<protocol::outbox::memory> outbox;
    websock::detail::message_memory messages;
    /// What TLS uses between two suspensions; none before the first use.
    std::unique_ptr<tls_buffers> tls;
    /// The session whose handlers run; it writes when they are done.
    const void* pumping = nullptr;

private:
    std::unique_ptr<std::byte[]> scratch_memory_;
};

namespace detail {
extern constinit thread_local thread_memory* here;  // none before the first use
[[nodiscard]] thread_memory& make_thread_memory();
}  // namespace detail

/// The calling thread's.
[[nodiscard]] inline thread_memory& this_thread() {
    return detail::here != nullptr ? *detail::here : detail::make_thread_memory();
}

/// Stands for the calling thread's memory as long as it lives. For what a handler that runs the
/// event loop itself lets happen meanwhile: the thread's own memory holds what that handler looks
/// at.
class nested_memory {
public:
    nested_memory();
    ~nested_memory();
    nested_memory(const nested_memory&) = delete;
    nested_memory& operator=(const nested_memory&) = delete;

private:
    thread_memory* const outer_;
    thread_memory inner_;
    std::unique_ptr<std::byte[]> inflate_room_;
};

namespace detail {
template <class Function>
[[gnu::noinline, gnu::cold]] void call_nested(Function function) {
    const nested_memory instead;
    function();
}
}  // namespace detail

/// What the event loop calls to run a session: calls `function`, with memory that nobody looks at
/// if it is a handler of this thread that runs the loop.
template <class Function>
[[gnu::always_inline]] inline void call_from_loop(Function function) {
    if (detail::here != nullptr && detail::here->pumping != nullptr) [[unlikely]] {
        detail::call_nested(function);
    } else {
        function();
    }
}

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
