// Which vector instructions beyond the compiler's target the CPU that we run on has: mask and utf8
// choose by it at run time. A function for a level carries the level as a `target` attribute, so
// that everything else stays as portable as it is compiled.
#pragma once

#include <cstdint>

// WEBSOCK_PORTABLE_WIDE: as if there were none, to test that.
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__) && \
    !defined(WEBSOCK_PORTABLE_WIDE)
#define WEBSOCK_X86_LEVELS 1
#else
#define WEBSOCK_X86_LEVELS 0
#endif

namespace websock::protocol {

enum class simd_level : std::uint8_t {
    baseline,  ///< what every machine of the target has
    ssse3,     ///< 16 bytes at a time, and look-ups in tables of 16
    avx2,      ///< the same with 32 bytes
};

/// Says whether this CPU has it. This reads a word that the compiler's run-time library sets before
/// any constructor runs: there is no state of ours, and it may be asked each time.
[[nodiscard]] inline bool is_available(simd_level level) noexcept {
#if WEBSOCK_X86_LEVELS
    if (level == simd_level::avx2)
        return __builtin_cpu_supports("avx2") != 0;
    if (level == simd_level::ssse3)
        return __builtin_cpu_supports("ssse3") != 0;
#endif
    return level == simd_level::baseline;
}

[[nodiscard]] inline simd_level best_simd_level() noexcept {
    if (is_available(simd_level::avx2))
        return simd_level::avx2;
    return is_available(simd_level::ssse3) ? simd_level::ssse3 : simd_level::baseline;
}

}  // namespace websock::protocol
