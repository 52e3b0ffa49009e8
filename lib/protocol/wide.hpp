// Sixteen bytes at a time, for mask and utf8: SSE2 where every machine of the target has it (all of
// x86-64), two 64-bit words elsewhere. Neither needs alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// WEBSOCK_PORTABLE_WIDE: take the second one anyway, to test it.
#if defined(__SSE2__) && !defined(WEBSOCK_PORTABLE_WIDE)
#include <emmintrin.h>
#define WEBSOCK_SSE2_WIDE 1
#else
#define WEBSOCK_SSE2_WIDE 0
#endif

namespace websock::protocol {

#if WEBSOCK_SSE2_WIDE

class wide {
public:
    static constexpr std::size_t size = 16;

    [[nodiscard]] static wide load(const std::byte* at) noexcept {
        return wide(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    }
    /// Four times the same four bytes.
    [[nodiscard]] static wide repeat(std::uint32_t word) noexcept {
        return wide(_mm_set1_epi32(static_cast<int>(word)));
    }
    void store(std::byte* at) const noexcept {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at), value_);
    }
    /// Says whether any byte is 80 or more.
    [[nodiscard]] bool has_high_bit() const noexcept { return _mm_movemask_epi8(value_) != 0; }

    friend wide operator^(wide a, wide b) noexcept {
        return wide(_mm_xor_si128(a.value_, b.value_));
    }
    friend wide operator|(wide a, wide b) noexcept {
        return wide(_mm_or_si128(a.value_, b.value_));
    }

private:
    explicit wide(__m128i value) noexcept : value_(value) {}

    __m128i value_;
};

#else

class wide {
public:
    static constexpr std::size_t size = 16;

    [[nodiscard]] static wide load(const std::byte* at) noexcept {
        wide result(0, 0);
        std::memcpy(&result.front_, at, 8);
        std::memcpy(&result.back_, at + 8, 8);
        return result;
    }
    /// Four times the same four bytes.
    [[nodiscard]] static wide repeat(std::uint32_t word) noexcept {
        const std::uint64_t twice = std::uint64_t{word} << 32 | word;
        return {twice, twice};
    }
    void store(std::byte* at) const noexcept {
        std::memcpy(at, &front_, 8);
        std::memcpy(at + 8, &back_, 8);
    }
    /// Says whether any byte is 80 or more.
    [[nodiscard]] bool has_high_bit() const noexcept {
        return ((front_ | back_) & 0x8080'8080'8080'8080U) != 0;
    }

    friend wide operator^(wide a, wide b) noexcept {
        return {a.front_ ^ b.front_, a.back_ ^ b.back_};
    }
    friend wide operator|(wide a, wide b) noexcept {
        return {a.front_ | b.front_, a.back_ | b.back_};
    }

private:
    wide(std::uint64_t front, std::uint64_t back) noexcept : front_(front), back_(back) {}

    std::uint64_t front_;
    std::uint64_t back_;
};

#endif

}  // namespace websock::protocol
