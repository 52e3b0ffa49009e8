// What the fuzz targets share: a check that aborts, and inputs that choose their own cuts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

// NOLINTNEXTLINE(*-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace websock::fuzz {

/// Aborts, saying which rule is broken, so that libFuzzer keeps the input.
inline void require(bool holds, const char* rule) noexcept {
    if (holds)
        return;
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
}

/// An input of `count`, `count` sizes, then the payload: the payload, and it cut into parts of
/// these sizes, the last one holding the rest.
struct cut_input {
    explicit cut_input(std::span<const std::byte> input) {
        if (input.empty())
            return;
        const std::size_t count =
            std::min(std::to_integer<std::size_t>(input[0]) % 8, input.size() - 1);
        const auto sizes = input.subspan(1, count);
        payload = input.subspan(1 + count);
        std::span<const std::byte> rest = payload;
        for (const std::byte size : sizes) {
            parts.push_back(rest.first(std::min(rest.size(), std::to_integer<std::size_t>(size))));
            rest = rest.subspan(parts.back().size());
        }
        parts.push_back(rest);
    }

    std::span<const std::byte> payload;
    std::vector<std::span<const std::byte>> parts;
};

}  // namespace websock::fuzz
