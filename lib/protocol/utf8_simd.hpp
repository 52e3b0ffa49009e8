// UTF-8 judged 16 or 32 bytes at a time (utf8_simd.cpp). Where the CPU or the compiler has nothing
// for that, the table of utf8.cpp does everything.
#pragma once

#include <cstddef>
#include <span>

#include "simd_level.hpp"

namespace websock::protocol {

/// How far back a byte can depend on others: from the last byte of a code point to its first.
inline constexpr std::size_t utf8_look_back = 3;
/// The fewest bytes that wide_utf8_is_valid() takes.
inline constexpr std::size_t min_wide_utf8 = utf8_look_back + 16;

/// Says whether each of `bytes` but the first three may follow those before it; these three are
/// only looked back at. A last code point that is unfinished, or has begun with a byte that begins
/// none, is not judged. `bytes` are min_wide_utf8 or more; `level` is available and not `baseline`.
[[nodiscard]] bool wide_utf8_is_valid(simd_level level, std::span<const std::byte> bytes) noexcept;

}  // namespace websock::protocol
