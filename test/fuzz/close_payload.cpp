// Close payloads: judged by code and by the slow UTF-8 twin; what is read is written the same; what
// is written can be read. Input: a payload.
#include "protocol/close_payload.hpp"

#include <algorithm>
#include <string>

#include "fuzz/fuzz_input.hpp"
#include "support/slow_twins.hpp"

namespace {

using namespace websock;
using websock::fuzz::require;

error_code expected_error(std::span<const std::byte> in) {
    if (in.empty())
        return {};
    if (in.size() == 1)
        return error::bad_close_payload;
    const unsigned code = std::to_integer<unsigned>(in[0]) * 256 + std::to_integer<unsigned>(in[1]);
    const bool registered = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
    if (!registered && code / 1000 != 3 && code / 1000 != 4)
        return error::bad_close_code;
    if (!test::slow_is_valid_utf8(in.subspan(2)))
        return error::invalid_utf8;
    return {};
}

void check_decoding(std::span<const std::byte> in) {
    const protocol::decoded_close decoded = protocol::decode_close_payload(in);
    require(decoded.ec == expected_error(in), "judged by code and text");
    if (decoded.ec)
        return;
    const protocol::encoded_close encoded = protocol::encode_close_payload(decoded.reason);
    require(std::ranges::equal(std::span(encoded.bytes).first(encoded.size), in),
            "written as it was read");
}

/// Any bytes as the text, however long.
void check_encoding(std::span<const std::byte> in) {
    const std::string text(reinterpret_cast<const char*>(in.data()), in.size());
    const protocol::encoded_close encoded =
        protocol::encode_close_payload({close_code::normal, text});
    require(encoded.size >= 2 && encoded.size <= protocol::max_control_payload, "fits a frame");
    const auto written = std::span(encoded.bytes).subspan(2, encoded.size - 2);
    require(std::ranges::equal(written, in.first(written.size())), "a front of the text");
    if (!test::slow_is_valid_utf8(in))
        return;
    require(test::slow_is_valid_utf8(written), "cut between code points");
    require(written.size() >= std::min<std::size_t>(in.size(), 120), "cut no more than needed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto in = std::as_bytes(std::span(data, size));
    check_decoding(in.first(std::min(size, protocol::max_control_payload)));
    check_encoding(in);
    return 0;
}
