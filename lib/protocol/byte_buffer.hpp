// Growable bytes without zero-filling: the memory behind queued output and unfinished input.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

namespace websock::protocol {

class byte_buffer {
public:
    byte_buffer() noexcept = default;
    byte_buffer(byte_buffer&& other) noexcept
        : memory_(std::move(other.memory_)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    byte_buffer& operator=(byte_buffer&& other) noexcept {
        memory_ = std::move(other.memory_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::byte* data() noexcept { return memory_.get(); }
    [[nodiscard]] std::span<std::byte> bytes() noexcept { return {memory_.get(), size_}; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {memory_.get(), size_};
    }

    /// Makes room for `n` bytes behind the present ones and returns it, uninitialised.
    [[gnu::always_inline]] std::span<std::byte> prepare(std::size_t n) {
        if (capacity_ - size_ < n) {
            grow(size_ + n);
        }
        return {memory_.get() + size_, n};
    }

    /// Takes the first `n` bytes of what `prepare` returned.
    void commit(std::size_t n) noexcept { size_ += n; }

    void append(std::span<const std::byte> more) {
        if (!more.empty()) {
            std::memcpy(prepare(more.size()).data(), more.data(), more.size());
            size_ += more.size();
        }
    }

    /// Takes the last `n` (≤ size()) bytes away.
    void drop_back(std::size_t n) noexcept { size_ -= n; }

    /// Forgets the bytes, keeps the memory.
    void clear() noexcept { size_ = 0; }

    /// Forgets the bytes and frees the memory.
    void release() noexcept {
        if (memory_) {
            *this = byte_buffer();
        }
    }

private:
    struct free_memory {
        void operator()(std::byte* memory) const noexcept { std::free(memory); }
    };

    void grow(std::size_t least) {
        const std::size_t capacity = least < 2 * capacity_ ? 2 * capacity_ : least;
        auto* memory = static_cast<std::byte*>(std::realloc(memory_.get(), capacity));
        if (memory == nullptr) {
            throw std::bad_alloc();
        }
        static_cast<void>(memory_.release());
        memory_.reset(memory);
        capacity_ = capacity;
    }

    std::unique_ptr<std::byte[], free_memory> memory_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// Empties a string and frees its memory. (Assigning an empty one keeps it, in libstdc++.)
inline void release_memory(std::string& text) noexcept { std::string().swap(text); }

/// Gives a string room for `capacity` characters, and no more: its own reserve() may take twice as
/// much as it has.
inline void reserve_exactly(std::string& text, std::size_t capacity) {
    std::string larger;
    larger.reserve(capacity);
    larger += text;
    text.swap(larger);
}

}  // namespace websock::protocol
