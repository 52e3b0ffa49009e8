#include "codec_pool.hpp"

#include <algorithm>
#include <utility>

namespace websock::protocol {
namespace {

constexpr std::size_t room_size = 64 * 1024;
// A room that grew beyond this is freed after use.
constexpr std::size_t keep_limit = 256 * 1024;
// Codecs kept of each kind: one is in use at a time, but for messages that arrive in pieces; and a
// peer may choose one of eight windows.
constexpr std::size_t kept_codecs = 8;

// Takes out the last one that `fits`; null if none does.
template <class Codec, class Fits>
std::unique_ptr<Codec> take(std::vector<std::unique_ptr<Codec>>& from, Fits fits) {
    const auto found = std::find_if(from.rbegin(), from.rend(), fits);
    if (found == from.rend()) {
        return nullptr;
    }
    std::unique_ptr<Codec> taken = std::move(*found);
    from.erase(std::prev(found.base()));
    return taken;
}

template <class Codec>
void keep(std::vector<std::unique_ptr<Codec>>& all, std::unique_ptr<Codec> unused) noexcept {
    try {
        all.push_back(std::move(unused));
        if (all.size() > kept_codecs) {
            all.erase(all.begin());
        }
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // No memory to keep it: it is freed.
    }
}

}  // namespace

std::unique_ptr<deflater> codec_pool::take_deflater(const deflater_settings& settings) {
    auto taken = take(deflaters_, [&](const auto& codec) { return codec->settings() == settings; });
    return taken ? std::move(taken) : std::make_unique<deflater>(settings, blocks_);
}

void codec_pool::give_back(std::unique_ptr<deflater> unused) noexcept {
    unused->forget();
    keep(deflaters_, std::move(unused));
}

std::unique_ptr<inflater> codec_pool::take_inflater(int window_bits) {
    auto taken =
        take(inflaters_, [&](const auto& codec) { return codec->window_bits() == window_bits; });
    if (!taken) {
        return std::make_unique<inflater>(window_bits, blocks_);
    }
    taken->forget();
    return taken;
}

void codec_pool::give_back(std::unique_ptr<inflater> unused) noexcept {
    keep(inflaters_, std::move(unused));
}

std::span<std::byte> codec_pool::inflate_room() {
    if (!inflate_room_) {
        inflate_room_ = std::make_unique_for_overwrite<std::byte[]>(room_size);
    }
    return {inflate_room_.get(), room_size};
}

byte_buffer& codec_pool::deflate_room() noexcept {
    deflate_room_.clear();
    return deflate_room_;
}

void codec_pool::trim_deflate_room() noexcept {
    if (deflate_room_.capacity() > keep_limit) {
        deflate_room_.release();
    }
}

}  // namespace websock::protocol
