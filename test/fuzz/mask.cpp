// Masking: cut as the input chooses (fuzz_input.hpp) against the slow twin on the whole. The first
// four bytes of the payload are the key, the next two the offset.
#include "protocol/mask.hpp"

#include <algorithm>
#include <vector>

#include "fuzz/fuzz_input.hpp"
#include "support/slow_twins.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using websock::fuzz::require;
    if (size < 6)
        return 0;
    const auto all = std::as_bytes(std::span(data, size));
    const websock::protocol::masking_key key{all[0], all[1], all[2], all[3]};
    const std::uint64_t offset =
        std::to_integer<std::uint64_t>(all[4]) << 40 | std::to_integer<std::uint64_t>(all[5]);
    const websock::fuzz::cut_input input(all.subspan(6));

    std::vector<std::byte> slow(input.payload.begin(), input.payload.end());
    websock::test::slow_apply_mask(slow, key, offset);

    std::vector<std::byte> fast(input.payload.begin(), input.payload.end());
    std::size_t done = 0;
    for (const auto part : input.parts) {
        websock::protocol::apply_mask(std::span(fast).subspan(done, part.size()), key,
                                      offset + done);
        done += part.size();
    }
    require(done == fast.size(), "the parts are the whole");
    require(fast == slow, "masked in parts like the twin masks the whole");
    using enum websock::protocol::simd_level;
    for (const auto level : {baseline, avx2, baseline, avx2})
        if (is_available(level))
            websock::protocol::apply_mask(fast, key, offset, level);
    require(fast == slow, "the vectors of all levels mask alike");
    const bool is_ascii = websock::protocol::apply_mask(fast, key, offset);
    require(is_ascii == std::ranges::all_of(fast, [](std::byte b) { return b < std::byte{0x80}; }),
            "says whether it is ASCII");
    require(std::ranges::equal(fast, input.payload), "masking twice restores");
    return 0;
}
