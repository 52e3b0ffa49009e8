// Memory of one codec, as one block: zlib's pieces are cut from it, and all of it goes back at
// once. Where blocks come from is injected, so that they can be pages of their own, which return to
// the system when a connection gives its codec back, rather than holes in the heap.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>

namespace websock::protocol {

struct block_source {
    void* (*allocate)(std::size_t size) = [](std::size_t size) { return ::operator new(size); };
    void (*release)(void* block, std::size_t size) = [](void* block, std::size_t) {
        ::operator delete(block);
    };
};

class codec_memory {
public:
    /// Reserves `size` bytes. Throws std::bad_alloc.
    codec_memory(const block_source& source, std::size_t size)
        : source_(source), block_(static_cast<std::byte*>(source.allocate(size))), size_(size) {}
    codec_memory(const codec_memory&) = delete;
    codec_memory& operator=(const codec_memory&) = delete;
    ~codec_memory() { source_.release(block_, size_); }

    /// Cuts a piece off; from the heap when the block is used up. Null without memory.
    [[nodiscard]] void* allocate(std::size_t size) noexcept {
        constexpr std::size_t alignment = 64;
        const std::size_t start = (used_ + alignment - 1) / alignment * alignment;
        if (start > size_ || size > size_ - start) {
            return std::malloc(size);
        }
        used_ = start + size;
        return block_ + start;
    }
    /// A piece of the block is not used again before the block goes.
    void release(void* piece) noexcept {
        const std::less<const void*> before;
        if (before(piece, block_) || !before(piece, block_ + size_)) {
            std::free(piece);
        }
    }

private:
    block_source source_;
    std::byte* block_;
    std::size_t size_;
    std::size_t used_ = 0;
};

}  // namespace websock::protocol
