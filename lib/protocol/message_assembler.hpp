// Data frames to messages (RFC 6455 §5.4): the order of fragments, decompression (RFC 7692 §7.2.2),
// limits, and UTF-8 (§8.1), all as the bytes arrive. Memory in use follows the bytes received, not
// the length that a header claims (for which up to 1 MiB, or 16 times what is here, is reserved);
// it never exceeds max_message_size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <websock/message.hpp>
#include <websock/options.hpp>

#include "deflate_extension.hpp"
#include "frame.hpp"
#include "utf8.hpp"

namespace websock::protocol {

class message_assembler {
public:
    /// `limits` must outlive it.
    explicit message_assembler(const connection_options& limits) noexcept : limits_(limits) {}

    /// Messages may be compressed from now on; `extension` must outlive it.
    void enable_deflate(deflate_extension& extension) noexcept { deflate_ = &extension; }

    /// Judges the header of a data frame: whether it may come now, and whether the message would
    /// grow beyond the limits. On success the frame has begun.
    [[nodiscard]] error_code begin_frame(const frame_header& header) noexcept;

    /// Takes the payload of the only frame of a message, all of it, and sets it to the message's:
    /// itself, decompressed in memory of the thread's, or payload() if holds_payload().
    [[nodiscard]] error_code take_whole(std::span<const std::byte>& payload);

    /// Takes the next unmasked bytes of the frame's payload.
    [[nodiscard]] error_code append(std::span<const std::byte> payload);
    /// Whether bytes can be received in place: compressed ones cannot.
    [[nodiscard]] bool can_prepare() const noexcept { return !compressed_; }
    /// Room to receive up to `wanted` (> 0) further bytes of payload in place: at least one byte,
    /// at most 128 KiB.
    [[nodiscard]] std::span<std::byte> prepare(std::size_t wanted);
    /// Takes the first `n` bytes of the room, after `unmask` has been applied to them. It says
    /// whether they are known to be ASCII.
    template <class Unmask>
    [[nodiscard]] error_code commit(std::size_t n, const Unmask& unmask) {
        const auto fresh = std::as_writable_bytes(std::span(payload_)).subspan(received_, n);
        const bool is_ascii = unmask(fresh);
        received_ += n;
        return is_ascii && utf8_.complete() ? error_code() : validate(fresh);
    }

    /// Ends the frame; on the last one of its message, text must end between code points.
    [[nodiscard]] error_code end_frame(bool fin);

    /// A fragmented message has begun and not ended.
    [[nodiscard]] bool under_way() const noexcept { return fragments_ > 0; }
    [[nodiscard]] message_kind kind() const noexcept { return kind_; }
    /// The payload of a message that has ended.
    [[nodiscard]] std::span<const std::byte> payload() const noexcept {
        return std::as_bytes(std::span(payload_));
    }
    /// There is one that is not empty.
    [[nodiscard]] bool holds_payload() const noexcept { return received_ > 0; }
    /// Moves that payload out.
    [[nodiscard]] std::string take() noexcept;
    /// Forgets the message, and its memory.
    void reset() noexcept;

private:
    [[nodiscard]] error_code check_whole(std::span<const std::byte> message) const noexcept;
    void reserve_for(std::size_t size);
    [[nodiscard]] error_code keep(std::span<const std::byte> fresh);
    [[nodiscard]] error_code validate(std::span<const std::byte> fresh) noexcept;
    void end_message() noexcept;
    [[nodiscard]] error_code inflate(std::span<const std::byte> payload);
    [[nodiscard]] error_code inflate_whole(std::span<const std::byte>& payload);
    [[nodiscard]] error_code keep_inflated(std::span<const std::byte> fresh, inflate_status status);
    [[nodiscard]] std::span<std::byte> inflate_room();

    const connection_options& limits_;
    deflate_extension* deflate_ = nullptr;
    std::string payload_;
    std::size_t received_ = 0;   // of payload_; the rest is room for reading
    std::uint64_t claimed_ = 0;  // by the headers of the message so far
    std::size_t fragments_ = 0;
    utf8_validator utf8_;
    message_kind kind_ = message_kind::text;
    bool compressed_ = false;  // the message under way
};

}  // namespace websock::protocol
