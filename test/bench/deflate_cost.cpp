// What an echo of a compressed message costs beside zlib's own work: run under callgrind by the
// script deflate_cost, which counts instructions. One run does one of:
//
//     bench_deflate_cost endpoint|zlib takeover|alone COUNT
//
// endpoint: COUNT masked frames with 1 KiB of JSON each go through a server's endpoint, which sends
// them back compressed. zlib: the same payloads are decompressed and compressed again, by zlib's
// functions alone. The preparation is the same for every COUNT, so that two counts give the cost
// of one message.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/endpoint.hpp"
#include "support/deflate.hpp"

namespace {

namespace protocol = websock::protocol;
namespace test = websock::test;

constexpr std::size_t most_messages = 1100;
constexpr std::size_t message_size = 1024;
constexpr std::size_t different_messages = 64;  // more than the window holds

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "deflate_cost: %s\n", what);
        std::exit(EXIT_FAILURE);
    }
}

std::string json(unsigned seed) {
    std::minstd_rand random(seed + 1);
    static constexpr const char* words[] = {"alpha", "bravo", "charlie",
                                            "delta", "echo",  "foxtrot"};
    std::string text = "{\"type\":\"update\",\"items\":[";
    while (text.size() < message_size) {
        text += "{\"id\":" + std::to_string(random() % 1'000'000) + ",\"name\":\"" +
                words[random() % 6] + " " + words[random() % 6] +
                "\",\"price\":" + std::to_string(random() % 10'000) + "." +
                std::to_string(random() % 100) +
                ",\"active\":" + (random() % 2 == 0 ? "true" : "false") + "},";
    }
    text.resize(message_size - 2);
    return text + "]}";
}

std::vector<test::byte_vector> make_payloads(bool takeover) {
    protocol::deflater codec({});
    std::vector<test::byte_vector> payloads;
    for (std::size_t i = 0; i < most_messages; ++i) {
        payloads.push_back(
            test::compressed(codec, json(static_cast<unsigned>(i % different_messages))));
        if (!takeover) {
            codec.forget();
        }
    }
    return payloads;
}

std::vector<test::byte_vector> make_frames(const std::vector<test::byte_vector>& payloads) {
    std::vector<test::byte_vector> frames;
    for (const test::byte_vector& payload : payloads) {
        protocol::frame_header header{
            .rsv1 = true,
            .op = protocol::opcode::text,
            .masked = true,
            .payload_length = payload.size(),
            .key = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}};
        test::byte_vector frame(protocol::max_frame_header_size);
        frame.resize(encode_frame_header(header, frame));
        for (std::size_t i = 0; i < payload.size(); ++i) {
            frame.push_back(payload[i] ^ header.key[i % 4]);
        }
        frames.push_back(std::move(frame));
    }
    return frames;
}

/// Returns the sum of the payloads that went out.
std::size_t echo(const std::vector<test::byte_vector>& frames, bool takeover, std::size_t count) {
    const websock::connection_options options{.deflate = {.enabled = true}};
    protocol::endpoint e(protocol::role::server, options, nullptr, {});
    e.enable_deflate(
        {.server_no_context_takeover = !takeover, .client_no_context_takeover = !takeover},
        test::test_codecs);
    std::vector<std::byte> scratch(64 * 1024);
    std::size_t sent = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::ranges::copy(frames[i], e.prepare(scratch).begin());  // as recv() would
        e.commit(frames[i].size(), {});
        for (auto got = e.next_event(); got.kind != protocol::event_kind::none;
             got = e.next_event()) {
            require(got.payload.size() == message_size, "a message of the right size");
            require(!e.send(got.view()), "it is sent");
        }
        std::array<std::span<const std::byte>, 2> views;
        require(e.gather(views) == 1, "one piece of output");
        sent += views[0].size() - (views[0].size() < 128 ? 2 : 4);
        e.consume_output(views[0].size(), {});
    }
    return sent;
}

struct codecs {
    codecs() {
        require(inflateInit2(&in, -15) == Z_OK &&
                    deflateInit2(&out, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK,
                "memory for zlib");
    }
    codecs(const codecs&) = delete;
    codecs& operator=(const codecs&) = delete;
    ~codecs() {
        inflateEnd(&in);
        deflateEnd(&out);
    }

    z_stream in{};
    z_stream out{};
};

Bytef* pointer(const std::byte* bytes) {
    return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes));
}

/// The same with zlib's functions alone.
std::size_t recompress(std::vector<test::byte_vector> payloads, bool takeover, std::size_t count) {
    codecs with;
    std::vector<std::byte> text(64 * 1024);
    std::vector<std::byte> result(64 * 1024);
    std::size_t sent = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto decompress = [&](const std::byte* from, std::size_t size, std::size_t done) {
            with.in.next_in = pointer(from);
            with.in.avail_in = static_cast<uInt>(size);
            with.in.next_out = pointer(text.data() + done);
            with.in.avail_out = static_cast<uInt>(text.size() - done);
            require(inflate(&with.in, Z_SYNC_FLUSH) == Z_OK, "is DEFLATE");
            return text.size() - with.in.avail_out;
        };
        constexpr std::array tail{std::byte{0}, std::byte{0}, std::byte{0xFF}, std::byte{0xFF}};
        std::size_t size = decompress(payloads[i].data(), payloads[i].size(), 0);
        size = decompress(tail.data(), tail.size(), size);
        require(size == message_size, "a message of the right size");
        with.out.next_in = pointer(text.data());
        with.out.avail_in = static_cast<uInt>(size);
        with.out.next_out = pointer(result.data());
        with.out.avail_out = static_cast<uInt>(result.size());
        require(deflate(&with.out, Z_SYNC_FLUSH) == Z_OK, "is compressed");
        sent += result.size() - with.out.avail_out - tail.size();
        if (!takeover) {
            inflateReset(&with.in);
            deflateReset(&with.out);
        }
    }
    return sent;
}

}  // namespace

int main(int argc, char** argv) {
    require(argc == 4, "usage: bench_deflate_cost endpoint|zlib takeover|alone COUNT");
    const bool takeover = std::string_view(argv[2]) == "takeover";
    const std::size_t count =
        std::min<std::size_t>(std::strtoul(argv[3], nullptr, 10), most_messages);
    const auto payloads = make_payloads(takeover);
    const auto frames = make_frames(payloads);
    const std::size_t sent = std::string_view(argv[1]) == "endpoint"
                                 ? echo(frames, takeover, count)
                                 : recompress(payloads, takeover, count);
    std::printf("%zu\n", sent);
    return EXIT_SUCCESS;
}
