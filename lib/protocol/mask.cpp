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
Word mask_word(std::byte* at, Word key) noexcept {
    Word word{};
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
    return word;
}

wide mask_wide(std::byte* at, wide key) noexcept {
    const wide result = wide::load(at) ^ key;
    result.store(at);
    return result;
}

// Each of these says whether all that it has made is ASCII.

bool mask_short(std::span<std::byte> bytes, std::uint32_t key) noexcept {
    std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    const wide four_words = wide::repeat(key);
    wide seen = wide::repeat(0);
    for (; left >= line_size; left -= line_size, at += line_size)
        for (std::size_t i = 0; i < line_size; i += wide::size)
            seen = seen | mask_wide(at + i, four_words);
    for (; left >= wide::size; left -= wide::size, at += wide::size)
        seen = seen | mask_wide(at, four_words);
    std::uint64_t rest = 0;
    if ((left & 8) != 0) {
        rest |= mask_word(at, std::uint64_t{key} << 32 | key);
        at += 8;
    }
    if ((left & 4) != 0) {
        rest |= mask_word(at, key);
        at += 4;
    }
    const auto octets = std::bit_cast<masking_key>(key);
    for (std::size_t i = 0; i < (left & 3); ++i) {
        at[i] ^= octets[i];
        rest |= std::to_integer<std::uint64_t>(at[i]);
    }
    return !seen.has_high_bit() && (rest & 0x8080'8080'8080'8080U) == 0;
}

/// Masks whole blocks.
bool mask_blocks(std::span<std::byte> bytes, std::uint32_t key) noexcept {
    const wide four_words = wide::repeat(key);
    wide seen = wide::repeat(0);
    for (std::size_t at = 0; at < bytes.size(); at += block_size)
        for (std::size_t i = 0; i < block_size; i += wide::size)
            seen = seen | mask_wide(bytes.data() + at + i, four_words);
    return !seen.has_high_bit();
}

#if WEBSOCK_X86_LEVELS

/// The same with 32 bytes at a time.
[[gnu::target("avx2")]] bool mask_blocks_avx2(std::span<std::byte> bytes,
                                              std::uint32_t key) noexcept {
    const __m256i eight_words = _mm256_set1_epi32(static_cast<int>(key));
    __m256i seen = _mm256_setzero_si256();
    std::byte* const end = bytes.data() + bytes.size();
    for (std::byte* at = bytes.data(); at != end; at += block_size)
        for (std::size_t i = 0; i < block_size; i += sizeof eight_words) {
            auto* const place = reinterpret_cast<__m256i*>(at + i);
            const __m256i result = _mm256_xor_si256(_mm256_loadu_si256(place), eight_words);
            _mm256_storeu_si256(place, result);
            seen = _mm256_or_si256(seen, result);
        }
    return _mm256_movemask_epi8(seen) == 0;
}

#else

bool mask_blocks_avx2(std::span<std::byte> bytes, std::uint32_t key) noexcept {
    return mask_blocks(bytes, key);
}

#endif

bool mask_long(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset,
               simd_level level) noexcept {
    const std::size_t to_line = (0 - reinterpret_cast<std::uintptr_t>(bytes.data())) % line_size;
    const bool head = mask_short(bytes.first(to_line), rotated_key(key, offset));
    bytes = bytes.subspan(to_line);
    const std::uint32_t word = rotated_key(key, offset + to_line);
    const auto blocks = bytes.first(bytes.size() / block_size * block_size);
    const bool body =
        level == simd_level::avx2 ? mask_blocks_avx2(blocks, word) : mask_blocks(blocks, word);
    const bool tail = mask_short(bytes.subspan(blocks.size()), word);
    return head && body && tail;
}

}  // namespace

// RFC 6455 §5.3: "Octet i of the transformed data ("transformed-octet-i") is the XOR of octet i of
// the original data ("original-octet-i") with octet at index i modulo 4 of the masking key".
// [6455-6.2-5]
bool apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset) noexcept {
    return bytes.size() < long_size ? mask_short(bytes, rotated_key(key, offset))
                                    : mask_long(bytes, key, offset, best_simd_level());
}

bool apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset,
                simd_level level) noexcept {
    return bytes.size() < long_size ? mask_short(bytes, rotated_key(key, offset))
                                    : mask_long(bytes, key, offset, level);
}

}  // namespace websock::protocol
