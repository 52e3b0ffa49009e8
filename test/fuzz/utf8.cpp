// UTF-8: the validator against its slow twin, on cuts that the input chooses (fuzz_input.hpp).
#include "protocol/utf8.hpp"

#include "fuzz/fuzz_input.hpp"
#include "support/slow_twins.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using websock::fuzz::require;
    const websock::fuzz::cut_input input(std::as_bytes(std::span(data, size)));
    websock::protocol::utf8_validator fast;
    websock::test::slow_utf8_validator slow;
    for (const auto part : input.parts) {
        require(fast.feed(part) == slow.feed(part), "each part is judged like the twin does");
        require(fast.complete() == slow.complete(), "complete after each part like the twin");
    }
    const bool valid = websock::test::slow_is_valid_utf8(input.payload);
    require(websock::protocol::is_valid_utf8(input.payload) == valid, "whole like the twin");
    require(input.parts.empty() || slow.complete() == valid, "cuts do not matter");
    fast.reset();
    require(fast.complete() &&
                fast.feed(input.payload) ==
                    (websock::test::slow_utf8_accepted(input.payload) == input.payload.size()),
            "fails exactly where the twin does");
    return 0;
}
