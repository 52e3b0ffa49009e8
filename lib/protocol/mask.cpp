// Masking (RFC 6455 §5.3): short payloads by 64, 16, 8, 4 bytes, then the rest. Long ones by blocks
// that begin where a cache line does, since a vector that is in two lines is stored at half the
// speed. All steps are multiples of 4 but the way to that line and the last: only there the key is
// rotated.
#include "mask.hpp"

#include <bit>
#include <cstring>

#include "wide.hpp"

#if WEBSOCK_X86_LEVELS
#include <immintrin.h>
#endif

namespace websock::protocol {
namespace {

/// The key as a word whose first octet in memory is that of payload position `offset`.
std::uint32_t rotated_key(const masking_key& key, std::uint64_t offset) noexcept {
    const auto word = std::bit_cast<std::uint32_t>(key);
    const int shift = static_cast<int>(offset % 4) * 8;
    return std::endian::native == std::endian::little ? std::rotr(word, shift)
                                                      : std::rotl(word, shift);
}

constexpr std::size_t line_size = 64;
constexpr std::size_t block_size = 2 * line_size;
/// From here on it pays to go to the next line first (measured: below 1 KiB it does not).
constexpr std::size_t long_size = 16 * line_size;

template <class Word>
void mask_word(std::byte* at, Word key) noexcept {
    Word word{};
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
}

void mask_wide(std::byte* at, wide key) noexcept { (wide::load(at) ^ key).store(at); }

void mask_short(std::span<std::byte> bytes, std::uint32_t key) noexcept {
    std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    const wide four_words = wide::repeat(key);
    for (; left >= line_size; left -= line_size, at += line_size)
        for (std::size_t i = 0; i < line_size; i += wide::size)
            mask_wide(at + i, four_words);
    for (; left >= wide::size; left -= wide::size, at += wide::size)
        mask_wide(at, four_words);
    if ((left & 8) != 0) {
        mask_word(at, std::uint64_t{key} << 32 | key);
        at += 8;
    }
    if ((left & 4) != 0) {
        mask_word(at, key);
        at += 4;
    }
    const auto octets = std::bit_cast<masking_key>(key);
    for (std::size_t i = 0; i < (left & 3); ++i)
        at[i] ^= octets[i];
}

/// Masks whole blocks.
void mask_blocks(std::span<std::byte> bytes, std::uint32_t key) noexcept {
    const wide four_words = wide::repeat(key);
    for (std::size_t at = 0; at < bytes.size(); at += block_size)
        for (std::size_t i = 0; i < block_size; i += wide::size)
            mask_wide(bytes.data() + at + i, four_words);
}

#if WEBSOCK_X86_LEVELS

/// The same with 32 bytes at a time.
[[gnu::target("avx2")]] void mask_blocks_avx2(std::span<std::byte> bytes,
                                              std::uint32_t key) noexcept {
    const __m256i eight_words = _mm256_set1_epi32(static_cast<int>(key));
    std::byte* const end = bytes.data() + bytes.size();
    for (std::byte* at = bytes.data(); at != end; at += block_size)
        for (std::size_t i = 0; i < block_size; i += sizeof eight_words) {
            auto* const place = reinterpret_cast<__m256i*>(at + i);
            _mm256_storeu_si256(place, _mm256_xor_si256(_mm256_loadu_si256(place), eight_words));
        }
}

#else

void mask_blocks_avx2(std::span<std::byte> bytes, std::uint32_t key) noexcept {
    mask_blocks(bytes, key);
}

#endif

void mask_long(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset,
               simd_level level) noexcept {
    const std::size_t to_line = (0 - reinterpret_cast<std::uintptr_t>(bytes.data())) % line_size;
    mask_short(bytes.first(to_line), rotated_key(key, offset));
    bytes = bytes.subspan(to_line);
    const std::uint32_t word = rotated_key(key, offset + to_line);
    const auto blocks = bytes.first(bytes.size() / block_size * block_size);
    if (level == simd_level::avx2)
        mask_blocks_avx2(blocks, word);
    else
        mask_blocks(blocks, word);
    mask_short(bytes.subspan(blocks.size()), word);
}

}  // namespace

// RFC 6455 §5.3: "Octet i of the transformed data ("transformed-octet-i") is the XOR of octet i of
// the original data ("original-octet-i") with octet at index i modulo 4 of the masking key".
// [6455-6.2-5]
void apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset) noexcept {
    if (bytes.size() < long_size)
        mask_short(bytes, rotated_key(key, offset));
    else
        mask_long(bytes, key, offset, best_simd_level());
}

void apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset,
                simd_level level) noexcept {
    if (bytes.size() < long_size)
        mask_short(bytes, rotated_key(key, offset));
    else
        mask_long(bytes, key, offset, level);
}

}  // namespace websock::protocol
