// The echo of masked messages by a server's endpoint in memory, driven as the session does it, and
// by a twin made of the slow leaves. What is handled are the bytes of the payloads.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "leaves.hpp"
#include "protocol/endpoint.hpp"
#include "protocol/mask.hpp"
#include "support/slow_twins.hpp"

namespace websock::bench {
namespace {

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "leaves: %s\n", what);
        std::exit(EXIT_FAILURE);  // NOLINT(concurrency-mt-unsafe): there is one thread
    }
}

test::byte_vector make_frames(protocol::opcode op, const test::byte_vector& payload,
                              std::size_t count) {
    const protocol::frame_header header{
        .op = op,
        .masked = true,
        .payload_length = payload.size(),
        .key = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}};
    test::byte_vector frame(protocol::max_frame_header_size);
    const std::size_t head = encode_frame_header(header, frame);
    frame.resize(head);
    test::append(frame, payload);
    protocol::apply_mask(std::span(frame).subspan(head), header.key, 0);
    test::byte_vector frames;
    for (std::size_t i = 0; i < count; ++i)
        test::append(frames, frame);
    return frames;
}

class server {
public:
    /// Reads `wire` to its end, one buffer at a time, and sends each message back; returns how
    /// many.
    std::size_t echo(std::span<const std::byte> wire) {
        std::size_t messages = 0;
        while (!wire.empty()) {
            const std::span<std::byte> room = side_.prepare(scratch_);
            const std::size_t count = std::min(room.size(), wire.size());
            std::memcpy(room.data(), wire.data(), count);  // as recv() would
            wire = wire.subspan(count);
            side_.commit(count, {});
            for (auto got = side_.next_event(); got.kind != protocol::event_kind::none;
                 got = side_.next_event()) {
                require(got.kind == protocol::event_kind::message && !side_.send(got.view()),
                        "a message comes and goes");
                ++messages;
            }
            flush();
        }
        return messages;
    }

private:
    void flush() {
        std::array<std::span<const std::byte>, 16> views;
        while (side_.output_size() > 0) {
            const std::size_t pieces = side_.gather(views);
            std::size_t written = 0;
            for (const auto& view : std::span(views).first(pieces))
                written += view.size();
            benchmark::DoNotOptimize(written);
            side_.consume_output(written, {});
        }
    }

    connection_options options_;
    protocol::endpoint side_{protocol::role::server, options_, nullptr, {}};
    test::byte_vector scratch_ = test::byte_vector(64 * 1024);
};

/// The same, naively: no limits, fragments, control frames or partial input.
std::size_t slow_echo(std::span<const std::byte> wire, test::byte_vector& scratch,
                      test::byte_vector& out) {
    std::ranges::copy(wire, scratch.begin());
    std::span<std::byte> in = std::span(scratch).first(wire.size());
    std::size_t messages = 0;
    out.clear();
    while (!in.empty()) {
        protocol::frame_header header;
        in = in.subspan(test::slow_decode_frame_header(in, header, {}).size);
        const auto payload = in.first(static_cast<std::size_t>(header.payload_length));
        in = in.subspan(payload.size());
        test::slow_apply_mask(payload, header.key, 0);
        require(header.op != protocol::opcode::text || test::slow_is_valid_utf8(payload),
                "a message of text");
        header.masked = false;
        std::array<std::byte, protocol::max_frame_header_size> head{};
        test::append(out, std::span(head).first(encode_frame_header(header, head)));
        for (const std::byte b : payload)
            out.push_back(b);
        ++messages;
    }
    return messages;
}

void add_echo(const std::string& what, protocol::opcode op, const test::byte_vector& payload,
              std::size_t depth) {
    const test::byte_vector wire = make_frames(op, payload, depth);
    const std::size_t bytes = payload.size() * depth;
    const std::string name = what + (depth == 1 ? "" : " x" + std::to_string(depth));
    add(name, payload.size(), "ours", bytes, [wire, depth, echoing = std::make_shared<server>()] {
        require(echoing->echo(wire) == depth, "all are echoed");
    });
    add(name, payload.size(), "twin", bytes,
        [wire, depth, scratch = wire, out = test::byte_vector()]() mutable {
            require(slow_echo(wire, scratch, out) == depth, "all are echoed");
        });
    add_memcpy(name, payload.size(), test::byte_vector(bytes));
}

}  // namespace

void add_endpoint() {
    using enum protocol::opcode;
    for (const std::size_t depth : {1U, 16U})
        for (const std::size_t size : {std::size_t{20}, std::size_t{1024}, std::size_t{16384}}) {
            add_echo("echo binary", binary, make_text("ascii", size), depth);
            add_echo("echo ascii", text, make_text("ascii", size), depth);
            add_echo("echo cjk", text, make_text("cjk", size), depth);
        }
}

}  // namespace websock::bench
