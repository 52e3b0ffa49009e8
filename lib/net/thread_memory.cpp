#include "thread_memory.hpp"

#include <sys/mman.h>
#include <memory>
#include <new>

namespace websock::net {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;

// Pages of their own: hundreds of kilobytes that come and go with a connection's activity would
// leave holes in the heap, which stay resident.
constexpr protocol::block_source pages{
    .allocate =
        [](std::size_t size) {
            void* const block =
                mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            return block == MAP_FAILED ? throw std::bad_alloc() : block;
        },
    .release = [](void* block, std::size_t size) { munmap(block, size); }};

}  // namespace

std::span<std::byte> thread_scratch() {
    static thread_local const auto memory =
        std::make_unique_for_overwrite<std::byte[]>(scratch_size);
    return {memory.get(), scratch_size};
}

protocol::outbox::memory& thread_outbox_memory() {
    static thread_local protocol::outbox::memory memory;
    return memory;
}

protocol::codec_pool& thread_codecs() {
    static thread_local protocol::codec_pool codecs(pages);
    return codecs;
}

}  // namespace websock::net
