// How fast the leaves of the protocol are, beside their slow twins and memcpy: UTF-8, masking,
// frame headers; leaves_endpoint.cpp has all of them composed. Run it by the script `leaves`.
#include "leaves.hpp"

#include <array>

#include "protocol/frame.hpp"
#include "protocol/mask.hpp"
#include "protocol/utf8.hpp"
#include "support/slow_twins.hpp"

namespace websock::bench {

void add_utf8() {
    for (const char* script : {"ascii", "latin", "cjk", "emoji", "mixed"})
        for (const std::size_t size : sizes) {
            const std::string what = std::string("utf8 ") + script;
            const test::byte_vector text = make_text(script, size);
            add(what, size, "ours", size,
                [text] { benchmark::DoNotOptimize(protocol::is_valid_utf8(text)); });
            add(what, size, "twin", size,
                [text] { benchmark::DoNotOptimize(test::slow_is_valid_utf8(text)); });
            add_memcpy(what, size, text);
        }
}

void add_mask() {
    static constexpr protocol::masking_key key{std::byte{1}, std::byte{2}, std::byte{3},
                                               std::byte{4}};
    for (const std::size_t size : sizes) {
        test::byte_vector bytes(size, std::byte{'a'});
        add("mask", size, "ours", size, [bytes]() mutable {
            protocol::apply_mask(bytes, key, 0);
            benchmark::DoNotOptimize(bytes.data());
            benchmark::ClobberMemory();
        });
        add("mask", size, "twin", size, [bytes]() mutable {
            test::slow_apply_mask(bytes, key, 0);
            benchmark::DoNotOptimize(bytes.data());
            benchmark::ClobberMemory();
        });
        add_memcpy("mask", size, bytes);
    }
}

// Here the size is that of the payload; what is handled are the bytes of the header.
void add_frame_headers() {
    for (const std::size_t size : sizes) {
        const protocol::frame_header header{.masked = true, .payload_length = size, .key = {}};
        test::byte_vector bytes(protocol::max_frame_header_size);
        bytes.resize(protocol::encode_frame_header(header, bytes));

        const auto decode = [bytes](auto* with) {
            protocol::frame_header result;
            benchmark::DoNotOptimize(with(bytes, result, protocol::frame_rules{}));
            benchmark::DoNotOptimize(result);
        };
        add("decode header", size, "ours", bytes.size(),
            [decode] { decode(&protocol::decode_frame_header); });
        add("decode header", size, "twin", bytes.size(),
            [decode] { decode(&test::slow_decode_frame_header); });
        add_memcpy("decode header", size, bytes);

        add("encode header", size, "ours", bytes.size(), [header] {
            std::array<std::byte, protocol::max_frame_header_size> out{};
            benchmark::DoNotOptimize(protocol::encode_frame_header(header, out));
            benchmark::DoNotOptimize(out);
        });
        add_memcpy("encode header", size, bytes);
    }
}

}  // namespace websock::bench

int main(int argc, char** argv) {
    websock::bench::add_utf8();
    websock::bench::add_mask();
    websock::bench::add_frame_headers();
    websock::bench::add_endpoint();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
