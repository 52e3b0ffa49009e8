// UTF-8 by table look-up in vectors, after J. Keiser and D. Lemire, "Validating UTF-8 In Less Than
// One Instruction Per Byte" (2021). All that can be wrong with a byte shows in it and the byte
// before it, but for one thing: whether a third or fourth byte has its first. So three tables of 16
// are asked, each by a half of these two bytes, and each answers with the set of rules (a bit each)
// that may be broken; a rule that all three name is broken.
//
// Every vector is judged by itself: it is loaded four times, from where it stands and from one,
// two, three bytes before. Functions carry the instructions they use as an attribute, so that the
// file is compiled for any CPU; only wide_utf8_is_valid() calls them, when the CPU can.
#include "utf8_simd.hpp"

#include <array>

#if WEBSOCK_X86_LEVELS
#include <immintrin.h>
#endif

namespace websock::protocol {

#if WEBSOCK_X86_LEVELS

namespace {

// ---- the rules

/// Values of half a byte, a bit each.
using half_set = std::uint16_t;

constexpr half_set halves(unsigned from, unsigned to) noexcept {
    return static_cast<half_set>((2U << to) - (1U << from));
}

constexpr half_set any = halves(0x0, 0xF);
constexpr half_set ascii = halves(0x0, 0x7);  // as the upper half of a byte
constexpr half_set tail = halves(0x8, 0xB);
constexpr half_set first = halves(0xC, 0xF);

/// A byte must not follow another one if their halves are in these sets.
struct rule {
    half_set before_upper;
    half_set before_lower;
    half_set upper;
};

// RFC 3629 §4, as what it excludes. Rule number 7 has an exception: third and fourth bytes.
constexpr unsigned two_tails = 7;
constexpr std::array<rule, 8> rules{{
    {first, any, ascii | first},                             // a tail is missing
    {ascii, any, tail},                                      // a tail that follows nothing
    {halves(0xC, 0xC), halves(0x0, 0x1), tail},              // C0, C1: overlong
    {halves(0xE, 0xE), halves(0x0, 0x0), halves(0x8, 0x9)},  // E0 80–9F: overlong
    {halves(0xE, 0xE), halves(0xD, 0xD), halves(0xA, 0xB)},  // ED A0–BF: surrogates
    // F0 80–8F: overlong; F5–FF: above 10FFFF
    {halves(0xF, 0xF), halves(0x0, 0x0) | halves(0x5, 0xF), halves(0x8, 0x8)},
    {halves(0xF, 0xF), halves(0x4, 0xF), halves(0x9, 0xB)},  // F4 90–BF: above 10FFFF
    {tail, any, tail},
}};

using rule_table = std::array<std::uint8_t, 16>;

/// For each half byte the rules that have it in the set `part`.
constexpr rule_table make_table(half_set rule::* part) noexcept {
    rule_table table{};
    for (std::size_t half = 0; half < table.size(); ++half)
        for (std::size_t number = 0; number < rules.size(); ++number)
            if ((rules[number].*part >> half & 1U) != 0)
                table[half] = static_cast<std::uint8_t>(table[half] | 1U << number);
    return table;
}

alignas(16) constexpr rule_table before_upper_table = make_table(&rule::before_upper);
alignas(16) constexpr rule_table before_lower_table = make_table(&rule::before_lower);
alignas(16) constexpr rule_table upper_table = make_table(&rule::upper);

// Subtracted with saturation, these leave bit 7 (that of two_tails) in what is as large or larger.
static_assert(two_tails == 7);
constexpr char first_of_three = 0xE0 - 0x80;
constexpr char first_of_four = 0xF0 - 0x80;

// ---- 16 bytes

namespace ssse3 {

[[gnu::target("ssse3"), gnu::always_inline]] inline __m128i load(const std::byte* at) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

[[gnu::target("ssse3"), gnu::always_inline]] inline __m128i look_up(const rule_table& table,
                                                                    __m128i halves_in) noexcept {
    const __m128i answers = _mm_load_si128(reinterpret_cast<const __m128i*>(table.data()));
    return _mm_shuffle_epi8(answers, halves_in);
}

[[gnu::target("ssse3"), gnu::always_inline]] inline __m128i upper_half(__m128i bytes) noexcept {
    return _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0F));
}

/// The rules that each of the 16 bytes breaks.
[[gnu::target("ssse3"), gnu::always_inline]] inline __m128i judge(const std::byte* at) noexcept {
    const __m128i before = load(at - 1);
    const __m128i before_lower = _mm_and_si128(before, _mm_set1_epi8(0x0F));
    const __m128i broken =
        _mm_and_si128(_mm_and_si128(look_up(before_upper_table, upper_half(before)),
                                    look_up(before_lower_table, before_lower)),
                      look_up(upper_table, upper_half(load(at))));
    const __m128i third = _mm_subs_epu8(load(at - 2), _mm_set1_epi8(first_of_three));
    const __m128i fourth = _mm_subs_epu8(load(at - 3), _mm_set1_epi8(first_of_four));
    const __m128i second_tail =
        _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
    // There must be two tails exactly where the third or fourth byte is due.
    return _mm_xor_si128(broken, second_tail);
}

[[gnu::target("ssse3"), gnu::always_inline]] inline bool is_ascii_64(const std::byte* at) noexcept {
    const __m128i front = _mm_or_si128(load(at), load(at + 16));
    const __m128i back = _mm_or_si128(load(at + 32), load(at + 48));
    return _mm_movemask_epi8(_mm_or_si128(front, back)) == 0;
}

[[gnu::target("ssse3"), gnu::always_inline]] inline bool is_zero(__m128i bytes) noexcept {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128())) == 0xFFFF;
}

[[gnu::target("ssse3")]] bool is_valid(const std::byte* at, const std::byte* end) noexcept {
    __m128i broken = _mm_setzero_si128();
    for (bool after_ascii = false; end - at >= 64; at += 64) {
        const bool only_ascii = is_ascii_64(at);
        if (only_ascii && after_ascii)
            continue;
        // The first 16 bytes of ASCII tell whether a code point was left unfinished.
        broken = _mm_or_si128(broken, judge(at));
        if (!only_ascii)
            for (std::ptrdiff_t i = 16; i < 64; i += 16)
                broken = _mm_or_si128(broken, judge(at + i));
        after_ascii = only_ascii;
    }
    for (; end - at >= 16; at += 16)
        broken = _mm_or_si128(broken, judge(at));
    // The rest, and once more some of what is before.
    return is_zero(_mm_or_si128(broken, judge(end - 16)));
}

}  // namespace ssse3

// ---- 32 bytes

namespace avx2 {

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load(const std::byte* at) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i look_up(const rule_table& table,
                                                                   __m256i halves_in) noexcept {
    const __m128i answers = _mm_load_si128(reinterpret_cast<const __m128i*>(table.data()));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(answers), halves_in);
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i upper_half(__m256i bytes) noexcept {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
}

/// The rules that each of the 32 bytes breaks.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i judge(const std::byte* at) noexcept {
    const __m256i before = load(at - 1);
    const __m256i before_lower = _mm256_and_si256(before, _mm256_set1_epi8(0x0F));
    const __m256i broken =
        _mm256_and_si256(_mm256_and_si256(look_up(before_upper_table, upper_half(before)),
                                          look_up(before_lower_table, before_lower)),
                         look_up(upper_table, upper_half(load(at))));
    const __m256i third = _mm256_subs_epu8(load(at - 2), _mm256_set1_epi8(first_of_three));
    const __m256i fourth = _mm256_subs_epu8(load(at - 3), _mm256_set1_epi8(first_of_four));
    const __m256i second_tail =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
    return _mm256_xor_si256(broken, second_tail);
}

[[gnu::target("avx2"), gnu::always_inline]] inline bool is_ascii_64(const std::byte* at) noexcept {
    return _mm256_movemask_epi8(_mm256_or_si256(load(at), load(at + 32))) == 0;
}

[[gnu::target("avx2")]] bool is_valid(const std::byte* at, const std::byte* end) noexcept {
    if (end - at < 32)
        return ssse3::is_zero(_mm_or_si128(ssse3::judge(at), ssse3::judge(end - 16)));
    __m256i broken = _mm256_setzero_si256();
    for (bool after_ascii = false; end - at >= 64; at += 64) {
        const bool only_ascii = is_ascii_64(at);
        if (only_ascii && after_ascii)
            continue;
        broken = _mm256_or_si256(broken, judge(at));
        if (!only_ascii)
            broken = _mm256_or_si256(broken, judge(at + 32));
        after_ascii = only_ascii;
    }
    if (end - at >= 32)
        broken = _mm256_or_si256(broken, judge(at));
    broken = _mm256_or_si256(broken, judge(end - 32));
    return _mm256_testz_si256(broken, broken) != 0;
}

}  // namespace avx2

}  // namespace

bool wide_utf8_is_valid(simd_level level, std::span<const std::byte> bytes) noexcept {
    const std::byte* const at = bytes.data() + utf8_look_back;
    const std::byte* const end = bytes.data() + bytes.size();
    return level == simd_level::avx2 ? avx2::is_valid(at, end) : ssse3::is_valid(at, end);
}

#else

bool wide_utf8_is_valid(simd_level, std::span<const std::byte>) noexcept { return false; }

#endif

}  // namespace websock::protocol
