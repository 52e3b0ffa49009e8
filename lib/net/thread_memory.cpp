#include "thread_memory.hpp"

#include <memory>

namespace websock::net {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;

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

}  // namespace websock::net
