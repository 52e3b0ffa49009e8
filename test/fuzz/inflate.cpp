// Compressed messages on arbitrary payloads, through an endpoint: the same events whatever the
// cuts, no more in memory than the limit, and the same messages as plain zlib in one go.
// Input: an octet of settings, one for the cuts, one for the limit; then messages: an octet of
// flags, two of the payload's length, the payload. Flags: 1 text, 2 plain, 4 a ping first, and from
// 8 on the size of fragments.
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz_input.hpp"
#include "protocol/endpoint.hpp"
#include "protocol/utf8.hpp"
#include "support/deflate.hpp"
#include "support/endpoint_script.hpp"

namespace {

namespace protocol = websock::protocol;
namespace test = websock::test;
using websock::error;
using websock::error_code;
using websock::fuzz::require;

struct sent_message {
    bool text = false;
    bool plain = false;
    bool ping = false;
    std::size_t fragment = 0;  // 0: one frame
    std::span<const std::byte> payload;
};

struct scenario {
    explicit scenario(std::span<const std::byte> from) {
        const auto settings = std::to_integer<unsigned>(from[0]);
        agreed.client_no_context_takeover = (settings & 1U) != 0;
        // A narrow window is tried, too; zlib's verdict on distances beyond it depends on the cuts.
        narrow = (settings & 2U) != 0;
        agreed.client_max_window_bits = narrow ? 8 + static_cast<int>(settings >> 2U) % 7 : 15;
        seed = std::to_integer<unsigned>(from[1]);
        constexpr std::size_t limits[] = {20'000, 300, 70'000, 0, 1, 65'536};
        options.max_message_size =
            limits[std::to_integer<std::size_t>(from[2]) % std::size(limits)];
        options.max_fragments = 1'000'000;
        options.deflate.enabled = true;
        read_messages(from.subspan(3));
        for (const sent_message& each : messages) {
            add_frames(each);
        }
    }

    void read_messages(std::span<const std::byte> rest) {
        while (rest.size() >= 3) {
            const auto flags = std::to_integer<unsigned>(rest[0]);
            const std::size_t claimed =
                std::to_integer<std::size_t>(rest[1]) * 256 + std::to_integer<std::size_t>(rest[2]);
            const std::size_t size = std::min(claimed, rest.size() - 3);
            messages.push_back({(flags & 1U) != 0, (flags & 2U) != 0, (flags & 4U) != 0,
                                flags >> 3U, rest.subspan(3, size)});
            rest = rest.subspan(3 + size);
        }
    }

    void add_frames(const sent_message& each) {
        if (each.ping) {
            add({.op = protocol::opcode::ping}, {});
        }
        std::span<const std::byte> rest = each.payload;
        protocol::frame_header header{
            .rsv1 = !each.plain,
            .op = each.text ? protocol::opcode::text : protocol::opcode::binary};
        do {
            const std::size_t size =
                each.fragment == 0 ? rest.size() : std::min(each.fragment, rest.size());
            header.fin = size == rest.size();
            add(header, rest.first(size));
            rest = rest.subspan(size);
            header.rsv1 = false;
            header.op = protocol::opcode::continuation;
        } while (!rest.empty());
    }

    void add(protocol::frame_header header, std::span<const std::byte> payload) {
        header.masked = true;  // with zeroes
        header.payload_length = payload.size();
        test::byte_vector head(protocol::max_frame_header_size);
        head.resize(protocol::encode_frame_header(header, head));
        test::append(input, head);
        test::append(input, payload);
    }

    protocol::deflate_params agreed;
    bool narrow = false;
    unsigned seed = 0;
    websock::connection_options options;
    std::vector<sent_message> messages;
    test::byte_vector input;
};

struct outcome {
    std::vector<std::string> messages;
    std::string rest;  // the other events
    error_code ec;
    websock::close_code code{};

    friend bool operator==(const outcome&, const outcome&) = default;
};

outcome run(const scenario& given, test::cuts cut) {
    protocol::endpoint e(protocol::role::server, given.options, nullptr, {});
    e.enable_deflate(given.agreed, test::test_codecs);
    outcome result;
    std::vector<std::byte> scratch(4096);
    std::span<const std::byte> rest(given.input);
    const std::size_t limit = std::max<std::size_t>(given.options.max_message_size, 15);
    while (!rest.empty()) {
        const auto room = e.prepare(scratch);
        const std::size_t n = std::min({room.size(), rest.size(), cut.next()});
        std::ranges::copy(rest.first(n), room.begin());
        e.commit(n, {});
        rest = rest.subspan(n);
        for (auto got = e.next_event(); got.kind != protocol::event_kind::none;
             got = e.next_event()) {
            if (got.kind == protocol::event_kind::message) {
                std::string text = e.take_message(got).take();
                require(text.size() <= given.options.max_message_size, "no message over the limit");
                require(text.capacity() <= limit, "no memory over the limit");
                result.messages.push_back(std::move(text));
            } else {
                result.rest += std::to_string(static_cast<int>(got.kind)) + ' ';
            }
        }
    }
    result.ec = e.info().ec;
    result.code = e.info().code;
    return result;
}

// Decompresses in one go, message by message.
class slow_inflater {
public:
    explicit slow_inflater(std::size_t limit) : limit_(limit) {}

    struct result {
        std::string message;  // as far as it goes, and one byte over the limit at most
        bool broken = false;
    };

    result message(std::span<const std::byte> payload, bool take_over) {
        if (!take_over) {
            window_.clear();
        }
        std::string in(reinterpret_cast<const char*>(payload.data()), payload.size());
        in.append("\0\0\xff\xff", 4);
        result all;
        all.message = std::string(limit_ + 1, '\0');
        std::size_t taken = 0;
        std::size_t put = 0;
        bool more = !payload.empty();
        while (more) {
            more = block_sequence(in, taken, all, put);
            // A final block that ends the payload leaves nothing but what was appended.
            more = more && taken + 4 != in.size() && taken != in.size();
        }
        all.message.resize(put);
        window_ += all.message;
        window_.erase(0, window_.size() - std::min<std::size_t>(window_.size(), 32'768));
        return all;
    }

private:
    // Up to a block with BFINAL (true), or to the end.
    bool block_sequence(std::string& in, std::size_t& taken, result& all, std::size_t& put) const {
        z_stream stream{};
        require(inflateInit2(&stream, -15) == Z_OK, "memory for zlib");
        std::string window = window_ + all.message.substr(0, put);
        window.erase(0, window.size() - std::min<std::size_t>(window.size(), 32'768));
        inflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(window.data()),
                             static_cast<uInt>(window.size()));
        stream.next_in = reinterpret_cast<Bytef*>(in.data() + taken);
        stream.avail_in =
            static_cast<uInt>(in.size() - tail_size - std::min(taken, in.size() - tail_size));
        stream.next_out = reinterpret_cast<Bytef*>(all.message.data() + put);
        stream.avail_out = static_cast<uInt>(all.message.size() - put);
        int status = inflate(&stream, Z_SYNC_FLUSH);
        put = all.message.size() - stream.avail_out;
        if (put > limit_) {
            inflateEnd(&stream);
            return false;
        }
        if (status == Z_STREAM_END) {
            taken = in.size() - tail_size - stream.avail_in;
            inflateEnd(&stream);
            return true;
        }
        // What is appended puts nothing out, unless the payload was cut off inside a block.
        stream.avail_in = static_cast<uInt>(in.size() - std::max(taken, in.size() - tail_size));
        status = status == Z_OK || status == Z_BUF_ERROR ? inflate(&stream, Z_SYNC_FLUSH) : status;
        taken = in.size() - stream.avail_in;
        const bool silent = all.message.size() - stream.avail_out == put;
        const bool between_blocks = (stream.data_type & 128) != 0 && (stream.data_type & 31) == 0;
        inflateEnd(&stream);
        all.broken = !silent || (status != Z_OK && status != Z_STREAM_END) ||
                     (status == Z_OK && !between_blocks);
        return !all.broken && status == Z_STREAM_END;
    }

    static constexpr std::size_t tail_size = 4;

    std::size_t limit_;
    std::string window_;
};

// What must come of each message in turn, up to the first bad one.
void compare_with_twin(const scenario& given, const outcome& got) {
    const std::size_t limit = given.options.max_message_size;
    slow_inflater twin(limit);
    std::size_t index = 0;
    for (const sent_message& each : given.messages) {
        const std::uint64_t most = each.plain ? limit : 2 * limit + 64 * 1024;
        if (each.payload.size() > most) {
            return;  // by its header, before or after another offence
        }
        slow_inflater::result expected{test::to_text(each.payload), false};
        if (!each.plain) {
            expected = twin.message(each.payload, !given.agreed.client_no_context_takeover);
        }
        const auto fitting = std::as_bytes(std::span(expected.message))
                                 .first(std::min(limit, expected.message.size()));
        protocol::utf8_validator utf8;
        const bool wrong_text = each.text && !utf8.feed(fitting);
        const bool too_big = expected.message.size() > limit;
        const bool cut_text = each.text && !utf8.complete();
        if (wrong_text || too_big || expected.broken || cut_text) {
            const error why = wrong_text        ? error::invalid_utf8
                              : too_big         ? error::message_too_big
                              : expected.broken ? error::bad_compression
                                                : error::invalid_utf8;
            require(got.messages.size() == index, "no message from the first offence on");
            require(got.ec == make_error_code(why), "the same verdict as plain zlib's");
            return;
        }
        require(index < got.messages.size() && got.messages[index] == expected.message,
                "the same message as plain zlib's");
        ++index;
    }
    require(got.messages.size() == index && !got.ec, "no more than was sent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) {
        return 0;
    }
    const scenario given(std::as_bytes(std::span(data, size)));
    const outcome whole = run(given, test::cuts::whole());
    const outcome cut = run(given, test::cuts::random(given.seed + 1U));
    if (given.narrow) {
        return 0;
    }
    require(cut == whole, "the same whatever the cuts");
    if (given.input.size() <= 1024) {  // else it takes too long for a fuzzer
        require(run(given, test::cuts::every(1)) == whole, "the same octet by octet");
    }
    compare_with_twin(given, whole);
    return 0;
}
