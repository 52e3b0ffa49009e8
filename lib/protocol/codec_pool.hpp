// Compressors and decompressors that nobody uses at present. One pool per thread: codecs may be
// given back to another one than they came from.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "byte_buffer.hpp"
#include "deflate_codec.hpp"

namespace websock::protocol {

class codec_pool {
public:
    /// Makes codecs in memory from `blocks`.
    explicit codec_pool(const block_source& blocks = {}) noexcept : blocks_(blocks) {}

    /// A compressor that has seen nothing.
    [[nodiscard]] std::unique_ptr<deflater> take_deflater(const deflater_settings& settings);
    void give_back(std::unique_ptr<deflater> unused) noexcept;

    /// A decompressor that has seen nothing.
    [[nodiscard]] std::unique_ptr<inflater> take_inflater(int window_bits);
    void give_back(std::unique_ptr<inflater> unused) noexcept;

    /// Where decompressed bytes are put first: 64 KiB, free to use for whoever decompresses.
    [[nodiscard]] std::span<std::byte> inflate_room();
    /// Takes what inflate_room() is, for as long as somebody looks at it; `room` stands for it, or
    /// a new one if that is none.
    std::unique_ptr<std::byte[]> exchange_inflate_room(std::unique_ptr<std::byte[]> room) noexcept {
        return std::exchange(inflate_room_, std::move(room));
    }
    /// Where a message is compressed to; empty.
    [[nodiscard]] byte_buffer& deflate_room() noexcept;
    /// What was compressed is no longer needed: a room that has grown large is freed.
    void trim_deflate_room() noexcept;

private:
    block_source blocks_;
    std::vector<std::unique_ptr<deflater>> deflaters_;
    std::vector<std::unique_ptr<inflater>> inflaters_;
    std::unique_ptr<std::byte[]> inflate_room_;
    byte_buffer deflate_room_;
};

/// Gives the calling thread's pool.
using codec_pool_source = codec_pool& (*)();

}  // namespace websock::protocol
