// Frame headers: the decoder against its slow twin, at every cut of the input and under all rules;
// what decodes must encode to the same bytes. Input: the bytes of a header.
#include "protocol/frame.hpp"

#include <algorithm>
#include <array>

#include "fuzz/fuzz_input.hpp"
#include "support/slow_twins.hpp"

namespace {

using namespace websock::protocol;
using websock::fuzz::require;

void check(std::span<const std::byte> in, frame_rules rules) {
    frame_header fast;
    frame_header slow;
    const decoded_header a = decode_frame_header(in, fast, rules);
    const decoded_header b = websock::test::slow_decode_frame_header(in, slow, rules);
    require(a.size == b.size && a.ec == b.ec && fast == slow, "the decoder agrees with its twin");
    if (a.size == 0)
        return;
    std::array<std::byte, max_frame_header_size> out{};
    require(encoded_size(fast) == a.size, "the encoded size is the decoded one");
    require(encode_frame_header(fast, out) == a.size, "it encodes to the same size");
    require(std::ranges::equal(std::span(out).first(a.size), in.first(a.size)),
            "it encodes to the same bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto in = std::as_bytes(std::span(data, size));
    for (std::size_t front = 0; front <= std::min(size, max_frame_header_size + 1); ++front)
        for (const role receiver : {role::server, role::client})
            for (const bool rsv1_owned : {false, true})
                check(in.first(front), {.receiver = receiver, .rsv1_owned = rsv1_owned});
    return 0;
}
