#include "thread_memory.hpp"

#include <sys/mman.h>
#include <memory>
#include <new>

#include "tls_engine.hpp"

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

thread_memory::thread_memory()
    : scratch_memory_(std::make_unique_for_overwrite<std::byte[]>(scratch_size)) {
    scratch = {scratch_memory_.get(), scratch_size};
}

thread_memory::~thread_memory() = default;

nested_memory::nested_memory()
    : outer_(std::exchange(detail::here, &inner_)),
      inflate_room_(thread_codecs().exchange_inflate_room(nullptr)) {}

nested_memory::~nested_memory() {
    detail::here = outer_;
    thread_codecs().exchange_inflate_room(std::move(inflate_room_));
}

namespace detail {

constinit thread_local thread_memory* here = nullptr;

thread_memory& make_thread_memory() {
    // It is not found any more once the thread's end has destroyed it.
    struct found_memory : thread_memory {
        found_memory() { here = this; }
        ~found_memory() { here = nullptr; }
        found_memory(const found_memory&) = delete;
        found_memory& operator=(const found_memory&) = delete;
    };
    static thread_local found_memory memory;
    return memory;
}

}  // namespace detail

protocol::codec_pool& thread_codecs() {
    static thread_local protocol::codec_pool codecs(pages);
    return codecs;
}

}  // namespace websock::net
