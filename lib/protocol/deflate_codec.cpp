#include "deflate_codec.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

namespace websock::protocol {
namespace {

// RFC 7692 §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end." §7.2.2:
// "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
constexpr std::array tail{std::byte{0x00}, std::byte{0x00}, std::byte{0xFF}, std::byte{0xFF}};

constexpr std::size_t max_step = std::numeric_limits<uInt>::max();

void set_input(z_stream& stream, std::span<const std::byte> in) noexcept {
    // zlib does not write there.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(std::min(in.size(), max_step));
}

void set_output(z_stream& stream, std::span<std::byte> out) noexcept {
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(std::min(out.size(), max_step));
}

// zlib.h on memory: "(1 << (windowBits+2)) + (1 << (memLevel+9))" for deflate, "1 << windowBits"
// for inflate, and "a few kilobytes for small objects". Other implementations of it take more; what
// is never touched costs nothing.
std::size_t deflater_size(const deflater_settings& settings) noexcept {
    return (std::size_t{1} << (settings.window_bits + 2)) +
           (std::size_t{1} << (settings.memory_level + 9)) + std::size_t{160} * 1024;
}

std::size_t inflater_size(int window_bits) noexcept {
    return (std::size_t{1} << window_bits) + std::size_t{24} * 1024;
}

std::unique_ptr<z_stream> make_stream(codec_memory& memory) {
    auto stream = std::make_unique<z_stream>();
    stream->opaque = &memory;
    stream->zalloc = [](voidpf opaque, uInt items, uInt size) -> voidpf {
        return static_cast<codec_memory*>(opaque)->allocate(std::size_t{items} * size);
    };
    stream->zfree = [](voidpf opaque, voidpf piece) {
        static_cast<codec_memory*>(opaque)->release(piece);
    };
    return stream;
}

void require(int result) {
    if (result != Z_OK) {
        throw std::bad_alloc();  // the parameters have been checked
    }
}

}  // namespace

// ---- deflater

deflater::deflater(const deflater_settings& settings, const block_source& blocks)
    : memory_(blocks, deflater_size(settings)), stream_(make_stream(memory_)), settings_(settings) {
    // [7692-7.2.1-3]
    require(deflateInit2(stream_.get(), settings.level, Z_DEFLATED, -settings.window_bits,
                         settings.memory_level, Z_DEFAULT_STRATEGY));
}

deflater::~deflater() { deflateEnd(stream_.get()); }

void deflater::compress(std::span<const std::byte> message, byte_buffer& out) {
    // zlib.h on deflate(): a room that is full with the flush marker would get another one.
    constexpr std::size_t flush_marker = 6;
    constexpr std::size_t least_room = 64;
    const std::size_t bound =
        deflateBound(stream_.get(), static_cast<uLong>(message.size())) + flush_marker;
    std::size_t step = std::clamp(bound, least_room, std::size_t{16 * 1024});
    do {
        const auto room = out.prepare(std::min(step, max_step));
        step = std::max(step, out.size());
        set_input(*stream_, message);
        set_output(*stream_, room);
        const std::size_t offered = stream_->avail_in;
        // [7692-7.2.1-1, 7692-7.2.1-2]
        deflate(stream_.get(), offered == message.size() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
        message = message.subspan(offered - stream_->avail_in);
        out.commit(room.size() - stream_->avail_out);
    } while (!message.empty() || stream_->avail_out == 0);
    // RFC 7692 §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end. After
    // this step, the last octet of the compressed data contains (possibly part of) the DEFLATE
    // header bits with the "BTYPE" bits set to 00."
    out.drop_back(tail.size());
}

void deflater::forget() noexcept { deflateReset(stream_.get()); }

// ---- inflater

inflater::inflater(int window_bits, const block_source& blocks)
    : memory_(blocks, inflater_size(window_bits)),
      stream_(make_stream(memory_)),
      window_bits_(window_bits) {
    require(inflateInit2(stream_.get(), -window_bits));
}

inflater::~inflater() { inflateEnd(stream_.get()); }

inflate_status inflater::read(std::span<const std::byte>& in, std::span<std::byte>& out) {
    if (in.empty() && !any_input_) {
        return inflate_status::need_input;
    }
    any_input_ = true;
    return run(in, out);
}

bool inflater::finish() {
    // A payload of no bytes at all is no DEFLATE data, but stands for the empty message (§7.2.3.6
    // has one of one byte). A payload that ended with a final block needs nothing behind it.
    if (any_input_ && !stream_ended_) {
        std::byte nothing{};
        std::span<std::byte> out(&nothing, 1);
        std::span<const std::byte> rest(tail);
        // What was cut off inside a block takes the tail for data: it may put something out, or end
        // somewhere else than between blocks. zlib.h on data_type: 128 is added between blocks; the
        // lower bits count unused bits.
        constexpr int between_blocks = 128;
        constexpr int unused_bits = 0x1F;
        if (run(rest, out) != inflate_status::need_input ||
            (!stream_ended_ && ((stream_->data_type & between_blocks) == 0 ||
                                (stream_->data_type & unused_bits) != 0))) {
            return false;
        }
    }
    end_message();
    return true;
}

inflate_status inflater::run(std::span<const std::byte>& in, std::span<std::byte>& out) {
    for (;;) {
        if (stream_ended_) {
            if (in.empty()) {
                return inflate_status::need_input;
            }
            // RFC 7692 §7.2.3.4: a block with BFINAL set may be followed by others. The window
            // stays: inflateResetKeep is inflateReset without giving it up.
            inflateResetKeep(stream_.get());
            stream_ended_ = false;
        }
        set_input(*stream_, in);
        set_output(*stream_, out);
        const std::size_t offered = stream_->avail_in;
        const std::size_t room = stream_->avail_out;
        const int result = inflate(stream_.get(), Z_SYNC_FLUSH);
        in = in.subspan(offered - stream_->avail_in);
        out = out.subspan(room - stream_->avail_out);
        if (result == Z_MEM_ERROR) {
            throw std::bad_alloc();
        }
        if (result == Z_STREAM_END) {
            stream_ended_ = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return inflate_status::broken;
        }
        if (out.empty()) {
            return inflate_status::need_output;
        }
        if (in.empty()) {
            return inflate_status::need_input;
        }
    }
}

void inflater::end_message() noexcept {
    if (std::exchange(stream_ended_, false)) {
        inflateResetKeep(stream_.get());
    }
    any_input_ = false;
}

void inflater::forget() {
    end_message();
    require(inflateReset(stream_.get()));
}

std::string inflater::window() const {
    uInt size = 0;
    inflateGetDictionary(stream_.get(), nullptr, &size);
    std::string bytes(size, '\0');
    inflateGetDictionary(stream_.get(), reinterpret_cast<Bytef*>(bytes.data()), &size);
    return bytes;
}

void inflater::restore(std::span<const std::byte> window) {
    require(inflateSetDictionary(stream_.get(), reinterpret_cast<const Bytef*>(window.data()),
                                 static_cast<uInt>(window.size())));
}

}  // namespace websock::protocol
