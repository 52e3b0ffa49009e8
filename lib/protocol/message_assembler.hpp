// Data frames to messages (RFC 6455 §5.4): the order of fragments, their limits, and UTF-8 as the
// bytes arrive (§8.1). Memory follows the bytes received, never the length that a header claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <websock/message.hpp>
#include <websock/options.hpp>

#include "frame.hpp"
#include "utf8.hpp"

namespace websock::protocol {

class message_assembler {
public:
    /// Judges the header of a data frame: whether it may come now, and whether the message would
    /// grow beyond the limits. On success the frame has begun.
    [[nodiscard]] error_code begin_frame(const frame_header& header,
                                         const connection_options& limits) noexcept;

    /// Judges a payload that is here whole, of the only frame of its message; nothing is copied.
    [[nodiscard]] error_code check_whole(std::span<const std::byte> payload) const noexcept;

    /// Takes the next unmasked bytes of the frame's payload.
    [[nodiscard]] error_code append(std::span<const std::byte> payload);
    /// Room to receive up to `wanted` (> 0) further bytes of payload in place: at least one byte,
    /// at most as many again as have been received.
    [[nodiscard]] std::span<std::byte> prepare(std::size_t wanted);
    /// Takes the first `n` bytes of the room, after `unmask` has been applied to them.
    template <class Unmask>
    [[nodiscard]] error_code commit(std::size_t n, const Unmask& unmask) {
        const auto fresh = std::as_writable_bytes(std::span(payload_)).subspan(received_, n);
        unmask(fresh);
        received_ += n;
        return validate(fresh);
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
    /// Moves that payload out.
    [[nodiscard]] std::string take() noexcept;
    /// Forgets the message, and its memory.
    void reset() noexcept;

private:
    [[nodiscard]] error_code validate(std::span<const std::byte> fresh) noexcept;

    std::string payload_;
    std::size_t received_ = 0;   // of payload_; the rest is room for reading
    std::uint64_t claimed_ = 0;  // by the headers of the message so far
    std::size_t fragments_ = 0;
    utf8_validator utf8_;
    message_kind kind_ = message_kind::text;
};

}  // namespace websock::protocol
