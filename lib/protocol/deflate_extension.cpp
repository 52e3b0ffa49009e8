#include "deflate_extension.hpp"

#include <utility>

namespace websock::protocol {
namespace {

// zlib cannot compress for a smaller window; the peer then gets messages as they are (RFC 7692 §6:
// compression is the sender's choice, message by message).
constexpr int smallest_own_window = 9;

}  // namespace

deflate_extension::deflate_extension(const deflate_params& agreed, const deflate_options& options,
                                     role side, codec_pool_source pools)
    : options_(options), pools_(pools), side_(side), agreed_(agreed) {}

std::span<const std::byte> deflate_extension::compress(std::span<const std::byte> message,
                                                       compression wish) {
    const bool takes_over = agreed_.takes_over(side_);
    const int window = agreed_.window_bits(side_);
    const bool too_small =
        wish == compression::automatic && !takes_over && message.size() < options_.threshold;
    if (wish == compression::no || too_small || message.empty() || window < smallest_own_window) {
        return {};
    }
    codec_pool& pool = pools_();
    if (!deflater_) {
        // [7692-7.2.1-6, 7692-7.2.1-7]
        deflater_ = pool.take_deflater({.window_bits = window,
                                        .level = options_.level,
                                        .memory_level = options_.memory_level});
    }
    byte_buffer& out = pool.deflate_room();
    try {
        deflater_->compress(message, out);
    } catch (...) {  // no memory: it has seen what the peer never will
        deflater_.reset();
        throw;
    }
    if (takes_over) {
        return std::as_const(out).bytes();
    }
    // RFC 7692 §7.1.1.1: without context takeover "the server MUST NOT use context takeover", so
    // the next message begins with an empty window.
    // [7692-7.2.1-4, 7692-7.2.1-5]
    pool.give_back(std::move(deflater_));
    return wish == compression::automatic && out.size() >= message.size()
               ? std::span<const std::byte>()
               : std::as_const(out).bytes();
}

inflater& deflate_extension::reader() {
    in_message_ = true;
    if (!inflater_) {
        const role peer = side_ == role::server ? role::client : role::server;
        // [7692-7.2.2-4, 7692-7.2.2-5]
        inflater_ = pools_().take_inflater(agreed_.window_bits(peer));
        if (!window_.empty()) {
            inflater_->restore(std::as_bytes(std::span(window_)));
            release_memory(window_);
        }
    }
    return *inflater_;
}

void deflate_extension::end_message() noexcept {
    in_message_ = false;
    const role peer = side_ == role::server ? role::client : role::server;
    // [7692-7.2.2-1, 7692-7.2.2-2, 7692-7.2.2-3]
    if (inflater_ && !agreed_.takes_over(peer)) {
        pools_().give_back(std::move(inflater_));
    }
}

void deflate_extension::release() {
    if (deflater_) {
        pools_().give_back(std::move(deflater_));
    }
    if (inflater_ && !in_message_) {
        window_ = inflater_->window();
        pools_().give_back(std::move(inflater_));
    }
}

void deflate_extension::end() noexcept {
    if (deflater_) {
        pools_().give_back(std::move(deflater_));
    }
    if (inflater_) {
        pools_().give_back(std::move(inflater_));
    }
    release_memory(window_);
}

}  // namespace websock::protocol
