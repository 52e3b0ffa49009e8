// Masking (RFC 6455 §5.3): 64, 16, 8, 4 bytes at a time, then the rest. All steps but the last are
// multiples of 4, so that the key is rotated once, for the first byte.
#include "mask.hpp"

#include <bit>
#include <cstring>

#include "wide.hpp"

namespace websock::protocol {
namespace {

/// The key as a word whose first octet in memory is that of payload position `offset`.
std::uint32_t rotated_key(const masking_key& key, std::uint64_t offset) noexcept {
    const auto word = std::bit_cast<std::uint32_t>(key);
    const int shift = static_cast<int>(offset % 4) * 8;
    return std::endian::native == std::endian::little ? std::rotr(word, shift)
                                                      : std::rotl(word, shift);
}

template <class Word>
void mask_word(std::byte* at, Word key) noexcept {
    Word word{};
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
}

void mask_wide(std::byte* at, wide key) noexcept { (wide::load(at) ^ key).store(at); }

}  // namespace

// RFC 6455 §5.3: "Octet i of the transformed data ("transformed-octet-i") is the XOR of octet i of
// the original data ("original-octet-i") with octet at index i modulo 4 of the masking key".
// [6455-6.2-5]
void apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset) noexcept {
    const std::uint32_t word = rotated_key(key, offset);
    const wide four_words = wide::repeat(word);
    std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 4 * wide::size; left -= 4 * wide::size, at += 4 * wide::size)
        for (std::size_t i = 0; i < 4; ++i)
            mask_wide(at + i * wide::size, four_words);
    for (; left >= wide::size; left -= wide::size, at += wide::size)
        mask_wide(at, four_words);
    if ((left & 8) != 0) {
        mask_word(at, std::uint64_t{word} << 32 | word);
        at += 8;
    }
    if ((left & 4) != 0) {
        mask_word(at, word);
        at += 4;
    }
    const auto octets = std::bit_cast<masking_key>(word);
    for (std::size_t i = 0; i < (left & 3); ++i)
        at[i] ^= octets[i];
}

}  // namespace websock::protocol
