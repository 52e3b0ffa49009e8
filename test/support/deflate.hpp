// Compression for tests: a codec pool, and data to compress.
#pragma once

#include <cstddef>
#include <random>
#include <span>
#include <string>

#include "bytes.hpp"
#include "protocol/codec_pool.hpp"

namespace websock::test {

/// The pool that endpoints of tests are given.
inline protocol::codec_pool& test_codecs() {
    static thread_local protocol::codec_pool codecs;
    return codecs;
}

/// Compresses one message; `codec` remembers it.
inline byte_vector compressed(protocol::deflater& codec, std::string_view text) {
    protocol::byte_buffer out;
    codec.compress(std::as_bytes(std::span(text)), out);
    return {out.bytes().begin(), out.bytes().end()};
}

/// Compresses one message by itself.
inline byte_vector compressed(std::string_view text,
                              const protocol::deflater_settings& settings = {}) {
    protocol::deflater codec(settings);
    return compressed(codec, text);
}

/// Bytes that cannot be compressed.
inline std::string noise(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (char& c : bytes)
        c = static_cast<char>(random());
    return bytes;
}

/// Text that can be compressed well, and never repeats itself exactly.
inline std::string records(std::size_t size, unsigned seed = 1) {
    std::minstd_rand random(seed);
    std::string text;
    while (text.size() < size)
        text += "{\"id\":" + std::to_string(random() % 100'000) + ",\"name\":\"n" +
                std::to_string(random() % 50) + "\",\"tags\":[\"a\",\"b\"]}\n";
    text.resize(size);
    return text;
}

}  // namespace websock::test
