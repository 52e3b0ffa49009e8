// Raw DEFLATE (RFC 1951) a message at a time, as RFC 7692 §7.2 frames it, on zlib: the only use of
// zlib. Input and output are spans, so that the caller decides what is kept and how much at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "byte_buffer.hpp"
#include "codec_memory.hpp"

struct z_stream_s;

namespace websock::protocol {

/// What a compressor is made for.
struct deflater_settings {
    int window_bits = 15;  ///< 9 to 15
    int level = 6;         ///< 1 to 9
    int memory_level = 8;  ///< 1 to 9

    friend bool operator==(const deflater_settings&, const deflater_settings&) = default;
};

/// Compresses messages (§7.2.1). Throws std::bad_alloc when made without memory for it.
class deflater {
public:
    explicit deflater(const deflater_settings& settings, const block_source& blocks = {});
    ~deflater();
    deflater(const deflater&) = delete;
    deflater& operator=(const deflater&) = delete;

    [[nodiscard]] const deflater_settings& settings() const noexcept { return settings_; }

    /// Appends the payload for a message of at least one byte to `out`.
    void compress(std::span<const std::byte> message, byte_buffer& out);
    /// Forgets what it has seen: the next message refers to none before it.
    void forget() noexcept;

private:
    codec_memory memory_;
    std::unique_ptr<z_stream_s> stream_;
    deflater_settings settings_;
};

enum class inflate_status : std::uint8_t {
    need_input,   ///< all of it has been taken
    need_output,  ///< the room is full, and there may be more
    broken,       ///< it is no DEFLATE data
};

/// Decompresses messages (§7.2.2). Throws std::bad_alloc when made without memory for it.
class inflater {
public:
    explicit inflater(int window_bits, const block_source& blocks = {});
    ~inflater();
    inflater(const inflater&) = delete;
    inflater& operator=(const inflater&) = delete;

    [[nodiscard]] int window_bits() const noexcept { return window_bits_; }

    /// Takes payload from the front of `in` and writes to the front of `out` (not empty): both are
    /// shortened by what was used. A reference to what is further back than the window is broken,
    /// or, inside one call, may pass: zlib then has it at hand.
    [[nodiscard]] inflate_status read(std::span<const std::byte>& in, std::span<std::byte>& out);
    /// The payload of the message has ended, and all of it has been read: says whether the message
    /// is whole.
    [[nodiscard]] bool finish();

    /// Forgets what it has seen.
    void forget();
    /// The last bytes that it has put out, which the next message may refer to.
    [[nodiscard]] std::string window() const;
    /// Goes on after those bytes.
    void restore(std::span<const std::byte> window);

private:
    [[nodiscard]] inflate_status run(std::span<const std::byte>& in, std::span<std::byte>& out);
    void end_message() noexcept;

    codec_memory memory_;
    std::unique_ptr<z_stream_s> stream_;
    int window_bits_;
    bool any_input_ = false;     // in this message
    bool stream_ended_ = false;  // after a block with BFINAL, and nothing behind it
};

}  // namespace websock::protocol
