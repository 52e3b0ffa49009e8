// permessage-deflate on one connection (RFC 7692 §7.2): which messages are compressed, and the two
// contexts that are taken over from message to message. A direction without context takeover
// borrows a codec for each message; one with it keeps a codec, until release().
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <websock/message.hpp>
#include <websock/options.hpp>

#include "codec_pool.hpp"
#include "deflate_params.hpp"
#include "role.hpp"

namespace websock::protocol {

class deflate_extension {
public:
    /// `options` must outlive it.
    deflate_extension(const deflate_params& agreed, const deflate_options& options, role side,
                      codec_pool_source pools);
    deflate_extension(const deflate_extension&) = delete;
    deflate_extension& operator=(const deflate_extension&) = delete;

    // ---- out

    /// Compresses a message to a frame's payload, for which RSV1 is to be set; empty if it is to be
    /// sent as it is. The payload lies in memory of the thread's, until end_compress().
    [[nodiscard]] std::span<const std::byte> compress(std::span<const std::byte> message,
                                                      compression wish);
    void end_compress() noexcept { pools_().trim_deflate_room(); }

    // ---- in

    /// The decompressor, for a message that begins or goes on.
    [[nodiscard]] inflater& reader();
    /// The message has ended.
    void end_message() noexcept;
    /// Memory of the thread's to decompress to, free to use until the next call.
    [[nodiscard]] std::span<std::byte> room() { return pools_().inflate_room(); }

    // ---- memory

    /// It keeps a codec that release() would give back.
    [[nodiscard]] bool holds_codec() const noexcept {
        return deflater_ != nullptr || (inflater_ != nullptr && !in_message_);
    }
    /// Gives the codecs back. Of the decompressor the window is kept, if the peer takes its context
    /// over; the next message that is sent will refer to none before it.
    void release();
    /// Gives all of it back: the connection has ended. Without this call the codecs are freed; a
    /// destructor has no thread of its own to give them to.
    void end() noexcept;

private:
    const deflate_options& options_;
    codec_pool_source pools_;
    std::unique_ptr<deflater> deflater_;
    std::unique_ptr<inflater> inflater_;
    std::string window_;  // what the peer may refer to, while there is no inflater_
    role side_;
    deflate_params agreed_;
    bool in_message_ = false;
};

}  // namespace websock::protocol
