// What a server sends to a client's session in memory, portion by portion, and what must come of
// it.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "deflate.hpp"
#include "session_run.hpp"

namespace websock::test {

// The key, and its answer, of RFC 6455 §1.3.
inline const std::string example_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline const std::string answer_fields =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
inline const std::string upgraded = answer_fields + "\r\n";

inline std::string agreeing_on(const std::string& extension) {
    return answer_fields + "Sec-WebSocket-Extensions: " + extension + "\r\n\r\n";
}

/// Not masked: as the server sends it, and as the client's are compared.
inline std::string frame(unsigned char first, std::string_view payload) {
    std::string out{static_cast<char>(first)};
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else {
        out += '\x7e';
        out += static_cast<char>(payload.size() >> 8U);
        out += static_cast<char>(payload.size() & 0xFFU);
    }
    return out.append(payload);
}

/// The client's frames without their masks, and what there is of one that is not whole.
inline std::string unmasked(std::string_view bytes) {
    std::string out;
    while (bytes.size() >= 2) {
        const auto second = static_cast<unsigned char>(bytes[1]);
        if ((second & 0x80U) == 0) {
            return out + "(a frame without a mask)";
        }
        std::size_t size = second & 0x7FU;
        const std::size_t header = size == 126 ? 4 : 2;
        if (bytes.size() < header + 4) {
            break;
        }
        if (header == 4) {
            size =
                static_cast<unsigned char>(bytes[2]) * 256U + static_cast<unsigned char>(bytes[3]);
        }
        const std::string mask(bytes.substr(header, 4));
        std::string payload(bytes.substr(header + 4, size));
        for (std::size_t i = 0; i < payload.size(); ++i) {
            payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
        }
        out +=
            frame(static_cast<unsigned char>(bytes[0]), std::string(size, '\0')).substr(0, header) +
            payload;
        bytes.remove_prefix(std::min(bytes.size(), header + 4 + size));
    }
    return out;
}

/// The first of some unmasked frames, as far as it goes.
inline std::string_view first_of(std::string_view frames) {
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(frames[at]); };
    std::size_t whole = frames.size() < 2 ? 2 : 2U + octet(1);
    if (frames.size() >= 4 && octet(1) == 126) {
        whole = 4U + octet(2) * 256U + octet(3);
    }
    return frames.substr(0, whole);
}

/// There is a whole Close frame among them.
inline bool has_close(std::string_view frames) {
    while (!frames.empty()) {
        const std::string_view first = first_of(frames);
        if (first.size() >= 2 && first[0] == '\x88' && first.size() == 2U + first[1]) {
            return true;
        }
        frames.remove_prefix(first.size());
    }
    return false;
}

inline std::string pongs_first(std::string_view frames) {
    std::string pongs;
    std::string others;
    while (!frames.empty()) {
        const std::string_view first = first_of(frames);
        (first[0] == '\x8a' ? pongs : others) += first;
        frames.remove_prefix(first.size());
    }
    return pongs + others;
}

// ---- scenarios

/// What a server does, what the client makes of it, and how that ends.
struct client_scenario {
    const char* name;
    std::vector<std::string> input;
    std::string frames_out;  ///< behind the request, without masks
    std::string end;
    echo_plan plan = {};

    [[nodiscard]] bool opens() const { return !end.starts_with("refused"); }
    /// Its last portion is the server's answer to the client's Close.
    [[nodiscard]] bool is_answered() const { return end.find("local clean") != std::string::npos; }
};

inline const std::string close_1000 = frame(0x88, "\x03\xe8");
inline const std::string close_4000 = frame(0x88, "\x0f\xa0we");

enum class takeover { yes, no };

inline client_scenario with_deflate(const char* name, const char* extension, takeover how) {
    const std::string one = records(300, 1);
    const std::string two = records(400, 2);
    protocol::deflater theirs({});
    protocol::deflater ours({});
    const auto compress = [&](protocol::deflater& codec, const std::string& text) {
        const std::string payload = to_text(compressed(codec, text));
        if (how == takeover::no) {
            codec.forget();
        }
        return frame(0xC1, payload);
    };
    std::vector<std::string> input{agreeing_on(extension)};
    std::string out;
    for (const std::string& text : {one, two, one}) {
        input.push_back(compress(theirs, text));
        out += compress(ours, text);
    }
    input.push_back(frame(0x81, "not compressed") + close_1000);
    out += how == takeover::yes ? compress(ours, "not compressed") : frame(0x81, "not compressed");
    out += close_1000;
    return {name, std::move(input), std::move(out), "1000 peer clean"};
}

inline std::vector<client_scenario> make_scenarios() {
    const std::string hello = frame(0x81, "Hello");
    return {
        {"messages, and the server closes",
         {upgraded, hello, frame(0x89, "p") + frame(0x82, "two"), close_1000},
         hello + frame(0x8A, "p") + frame(0x82, "two") + close_1000,
         "1000 peer clean"},
        {"all at once",
         {upgraded + hello + frame(0x81, "more") + close_1000},
         hello + frame(0x81, "more") + close_1000,
         "1000 peer clean"},
        {"behind an informational answer",
         {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early", " Hints\r\n\r\n" + upgraded + hello,
          close_1000},
         hello + close_1000,
         "1000 peer clean"},
        {"a fragmented message",
         {upgraded, frame(0x01, "He") + frame(0x89, ""), frame(0x80, "llo"), close_1000},
         frame(0x8A, "") + hello + close_1000,
         "1000 peer clean"},
        {"the client closes at once",
         {upgraded, hello, close_4000},
         frame(0x81, "greeting") + close_4000,
         "4000 we local clean",
         {"greeting", 0, close_reason(4000, "we")}},
        {"the client closes after a message",
         {upgraded, hello, frame(0x81, "more"), close_4000},
         frame(0x81, "greeting") + hello + close_4000,
         "4000 we local clean",
         {"greeting", 1, close_reason(4000, "we")}},
        {"the server's Close has another code",
         {upgraded, hello, close_1000},
         hello + close_4000,
         "4000 we local clean",
         {"", 1, close_reason(4000, "we")}},
        {"more behind the Close",
         {upgraded, close_1000 + hello, hello, "no frame at all, and not read as one"},
         close_1000,
         "1000 peer clean"},
        {"no Close", {upgraded, hello}, hello, "1006 peer unclean: "},
        {"no answer to the client's Close",
         {upgraded, hello},
         close_4000,
         "4000 we local unclean: ",
         {"", 0, close_reason(4000, "we")}},
        {"a violation",
         {upgraded, hello + std::string("\x81\x80\0\0\0\0", 6)},
         hello + frame(0x88, "\x03\xea"),
         "1002 "},
        with_deflate("compressed", "permessage-deflate", takeover::yes),
        with_deflate("compressed, each by itself",
                     "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                     takeover::no),
        {"refused", {"HTTP/1.1 404 Not Found\r\n\r\nno"}, "", "refused 404"},
        {"another's accept value",
         {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n" +
          hello},
         "",
         "refused 101"},
        {"half a head", {upgraded.substr(0, 30)}, "", "refused 0"},
        {"no answer", {}, "", "refused 0"},
    };
}

inline const std::vector<client_scenario>& scenarios() {
    static const std::vector<client_scenario> all = make_scenarios();
    return all;
}

inline const client_scenario& scenario_of(std::string_view name) {
    for (const client_scenario& each : scenarios()) {
        if (each.name == name) {
            return each;
        }
    }
    throw std::invalid_argument("no such scenario");
}

}  // namespace websock::test
