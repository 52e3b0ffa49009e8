// UTF-8 (RFC 3629 §4) by a table automaton. A state is a shift distance: each byte has one 64-bit
// row that holds the next state of every state, so a step is one load and one shift. ASCII is
// skipped in words and vectors; of longer text the automaton takes only the first and the last
// three bytes, and utf8_simd.cpp what is between.
#include "utf8.hpp"

#include <array>
#include <cstring>

#include "utf8_simd.hpp"
#include "wide.hpp"

namespace websock::protocol {
namespace {

// RFC 3629 §4:
//   UTF8-1 = %x00-7F
//   UTF8-2 = %xC2-DF UTF8-tail
//   UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
//            %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
//   UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) /
//            %xF4 %x80-8F 2( UTF8-tail )
// A state says what must come next. Six bits for each: nine states fit into a row.
enum state : std::uint8_t {
    accept = 0,      // a first byte
    reject = 6,      // nothing: stays so
    tail_1 = 12,     // one UTF8-tail
    tail_2 = 18,     // two
    tail_3 = 24,     // three
    after_e0 = 30,   // A0–BF, then one tail
    after_ed = 36,   // 80–9F, then one tail
    after_f0 = 42,   // 90–BF, then two
    after_f4 = 48,   // 80–8F, then two
    state_end = 54,  // no state
};
constexpr unsigned state_bits = 6;
constexpr unsigned state_mask = 63;

constexpr bool in_range(unsigned byte, unsigned low, unsigned high) noexcept {
    return low <= byte && byte <= high;
}

constexpr state after_first_byte(unsigned byte) noexcept {
    if (byte <= 0x7F)
        return accept;
    if (in_range(byte, 0xC2, 0xDF))
        return tail_1;
    if (byte == 0xE0)
        return after_e0;
    if (byte == 0xED)
        return after_ed;
    if (in_range(byte, 0xE1, 0xEF))
        return tail_2;
    if (byte == 0xF0)
        return after_f0;
    if (in_range(byte, 0xF1, 0xF3))
        return tail_3;
    return byte == 0xF4 ? after_f4 : reject;
}

constexpr state next_state(unsigned from, unsigned byte) noexcept {
    const bool tail = in_range(byte, 0x80, 0xBF);
    switch (from) {
        case accept:
            return after_first_byte(byte);
        case tail_1:
            return tail ? accept : reject;
        case tail_2:
            return tail ? tail_1 : reject;
        case tail_3:
            return tail ? tail_2 : reject;
        case after_e0:
            return in_range(byte, 0xA0, 0xBF) ? tail_1 : reject;
        case after_ed:
            return in_range(byte, 0x80, 0x9F) ? tail_1 : reject;
        case after_f0:
            return in_range(byte, 0x90, 0xBF) ? tail_2 : reject;
        case after_f4:
            return in_range(byte, 0x80, 0x8F) ? tail_2 : reject;
        default:
            return reject;
    }
}

constexpr std::array<std::uint64_t, 256> make_rows() noexcept {
    std::array<std::uint64_t, 256> rows{};
    for (unsigned byte = 0; byte < 256; ++byte)
        for (unsigned from = 0; from < state_end; from += state_bits)
            rows[byte] |= std::uint64_t{next_state(from, byte)} << from;
    return rows;
}

constexpr std::array<std::uint64_t, 256> rows = make_rows();

/// The low six bits of the result are the new state; the others are of no meaning.
std::uint64_t step(std::uint64_t from, std::byte byte) noexcept {
    return rows[std::to_integer<std::size_t>(byte)] >> (from & state_mask);
}

template <class Word>
bool is_ascii_word(const std::byte* at) noexcept {
    Word word{};
    std::memcpy(&word, at, sizeof word);
    return (word & static_cast<Word>(0x8080'8080'8080'8080U)) == 0;
}

bool is_ascii_16(const std::byte* at) noexcept { return !wide::load(at).has_high_bit(); }

bool is_ascii_64(const std::byte* at) noexcept {
    const wide front = wide::load(at) | wide::load(at + 16);
    const wide back = wide::load(at + 32) | wide::load(at + 48);
    return !(front | back).has_high_bit();
}

/// For 4 to 64 bytes, by words or vectors from both ends, which may overlap.
bool is_short_ascii(const std::byte* at, std::size_t size) noexcept {
    const std::byte* const end = at + size;
    if (size >= 32)
        return !((wide::load(at) | wide::load(at + 16)) |
                 (wide::load(end - 32) | wide::load(end - 16)))
                    .has_high_bit();
    if (size >= 16)
        return !(wide::load(at) | wide::load(end - 16)).has_high_bit();
    if (size >= 8)
        return is_ascii_word<std::uint64_t>(at) && is_ascii_word<std::uint64_t>(end - 8);
    return is_ascii_word<std::uint32_t>(at) && is_ascii_word<std::uint32_t>(end - 4);
}

std::uint64_t walk(std::uint64_t from, std::span<const std::byte> bytes) noexcept {
    for (const std::byte b : bytes)
        from = step(from, b);
    return from & state_mask;
}

/// The automaton for everything but ASCII.
std::uint64_t walk_all(std::uint64_t now, std::span<const std::byte> bytes) noexcept {
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    while (left >= 16) {
        if ((now & state_mask) == accept && is_ascii_16(at)) {
            at += 16;
            left -= 16;
            for (; left >= 64 && is_ascii_64(at); left -= 64)
                at += 64;
            continue;
        }
        for (std::size_t i = 0; i < 16; ++i)
            now = step(now, at[i]);
        at += 16;
        left -= 16;
        if ((now & state_mask) == reject)
            return reject;  // it stays so: no need to look further
    }
    if (left >= 8 && (now & state_mask) == accept && is_ascii_word<std::uint64_t>(at)) {
        at += 8;
        left -= 8;
    }
    return walk(now, {at, left});
}

/// The automaton for the first three bytes, which may belong to a code point begun before; the
/// vectors for all others; then the automaton again for a code point that the end leaves
/// unfinished.
std::uint64_t walk_ends(std::uint64_t now, std::span<const std::byte> bytes,
                        simd_level level) noexcept {
    now = walk(now, bytes.first(utf8_look_back));
    if (now == reject || !wide_utf8_is_valid(level, bytes))
        return reject;
    constexpr std::byte first_of_any{0xC0};
    for (std::size_t back = 1; back <= utf8_look_back; ++back)
        if (bytes[bytes.size() - back] >= first_of_any)
            return walk(accept, bytes.last(back));
    return accept;
}

}  // namespace

bool utf8_validator::feed(std::span<const std::byte> bytes) noexcept {
    if (state_ == accept) {
        while (bytes.size() >= 64 && is_ascii_64(bytes.data()))
            bytes = bytes.subspan(64);
        if (bytes.size() >= 4 && bytes.size() <= 64 && is_short_ascii(bytes.data(), bytes.size()))
            return true;
    }
    return feed(bytes, bytes.size() < min_wide_utf8 ? simd_level::baseline : best_simd_level());
}

bool utf8_validator::feed(std::span<const std::byte> bytes, simd_level level) noexcept {
    const bool wide_enough = level != simd_level::baseline && bytes.size() >= min_wide_utf8;
    state_ = static_cast<std::uint8_t>(wide_enough ? walk_ends(state_, bytes, level)
                                                   : walk_all(state_, bytes));
    return state_ != reject;
}

bool utf8_validator::complete() const noexcept { return state_ == accept; }

void utf8_validator::reset() noexcept { state_ = accept; }

bool is_valid_utf8(std::span<const std::byte> bytes) noexcept {
    utf8_validator validator;
    return validator.feed(bytes) && validator.complete();
}

}  // namespace websock::protocol
