// Incremental UTF-8 validation (RFC 6455 §8.1, RFC 3629 §4): fails at the first byte that cannot
// belong to valid UTF-8, wherever the input is cut. No surrogates, no overlong forms, nothing above
// U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd_level.hpp"

namespace websock::protocol {

class utf8_validator {
public:
    /// Takes the next bytes; false once a byte cannot belong to valid UTF-8 (and from then on).
    [[nodiscard]] bool feed(std::span<const std::byte> bytes) noexcept;
    /// The same with the vectors of `level`, which is available: for tests.
    [[nodiscard]] bool feed(std::span<const std::byte> bytes, simd_level level) noexcept;
    /// Says whether the input so far ends between code points.
    [[nodiscard]] bool complete() const noexcept;
    /// Forgets all input.
    void reset() noexcept;

private:
    std::uint8_t state_ = 0;
};

/// Says whether `bytes` are whole, valid UTF-8.
[[nodiscard]] bool is_valid_utf8(std::span<const std::byte> bytes) noexcept;

}  // namespace websock::protocol
