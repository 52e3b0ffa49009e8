// UTF-8: the validator against its slow twin, on cuts that the input chooses (fuzz_input.hpp), with
// the best vectors of this CPU and with all of them.
#include "protocol/utf8.hpp"

#include "fuzz/fuzz_input.hpp"
#include "support/slow_twins.hpp"

namespace {

using websock::fuzz::require;
using websock::protocol::simd_level;
using websock::protocol::utf8_validator;

/// `feed(validator, part)` takes a part.
void check_parts(const websock::fuzz::cut_input& input, auto feed) {
    utf8_validator fast;
    websock::test::slow_utf8_validator slow;
    for (const auto part : input.parts) {
        require(feed(fast, part) == slow.feed(part), "each part is judged like the twin does");
        require(fast.complete() == slow.complete(), "complete after each part like the twin");
    }
    fast.reset();
    require(fast.complete() &&
                feed(fast, input.payload) ==
                    (websock::test::slow_utf8_accepted(input.payload) == input.payload.size()),
            "fails exactly where the twin does");
    const bool valid = websock::test::slow_is_valid_utf8(input.payload);
    require(fast.complete() == valid, "complete at the end like the twin");
    require(input.parts.empty() || slow.complete() == valid, "cuts do not matter");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const websock::fuzz::cut_input input(std::as_bytes(std::span(data, size)));
    check_parts(input, [](utf8_validator& fast, auto part) { return fast.feed(part); });
    for (const auto level : {simd_level::baseline, simd_level::ssse3, simd_level::avx2})
        if (is_available(level))
            check_parts(
                input, [level](utf8_validator& fast, auto part) { return fast.feed(part, level); });
    require(websock::protocol::is_valid_utf8(input.payload) ==
                websock::test::slow_is_valid_utf8(input.payload),
            "whole like the twin");
    return 0;
}
