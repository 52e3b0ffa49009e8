// programme.py in C++: the messages of the interop matrix, their digest, and the options and the
// report that every program of the matrix shares. Used by our own ends and by lws_peer.cpp.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace interop {

inline constexpr std::size_t block_size = 65536;

/// Marsaglia's xorshift32.
class xorshift {
public:
    explicit xorshift(std::uint32_t seed) : state_(seed) {}

    std::uint32_t operator()() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }

private:
    std::uint32_t state_;
};

inline std::string make_text_block() {
    static constexpr std::array<std::string_view, 8> words{"Gr\u00fc\u00dfe!",
                                                           "\u03ba\u03cc\u03c3\u03bc",
                                                           "\u65e5\u672c a",
                                                           "\u20acuro\u00a3",
                                                           "\U0001f600\U0001f601",
                                                           "plain ab",
                                                           "\u00ff\u07ff\u0800"
                                                           "a",
                                                           "\U0001d11e \u00bd!"};
    xorshift next(2463534242);
    std::string block;
    while (block.size() < block_size) {
        block += words[next() >> 29];
    }
    return block;
}

inline std::string make_random_block() {
    xorshift next(1);
    std::string block;
    while (block.size() < block_size) {
        const std::uint32_t number = next();
        for (unsigned shift = 0; shift < 32; shift += 8) {
            block += static_cast<char>(number >> shift & 0xff);
        }
    }
    return block;
}

/// Every edge of the frame format twice (as text and as binary), then `messages` mixed sizes.
inline std::vector<std::size_t> sizes(std::size_t messages, std::size_t largest) {
    std::vector<std::size_t> all;
    for (const std::size_t size : {1U, 125U, 126U, 127U, 65535U, 65536U, 1U << 20, 16U << 20}) {
        if (size <= largest) {
            all.insert(all.end(), 2, size);
        }
    }
    xorshift next(7);
    for (std::size_t count = 0; count < messages; ++count) {
        const std::size_t scale = std::size_t{1} << next() % 17;
        all.push_back(std::min(block_size, scale + next() % scale));
    }
    return all;
}

inline bool is_text(std::size_t index) { return index % 2 == 0; }

inline std::string payload(std::size_t index, std::size_t size) {
    static const std::string text = make_text_block();
    static const std::string random = make_random_block();
    const bool noise = index % 4 == 1;
    const std::string& block = noise ? random : text;
    std::size_t offset = noise ? index * 7919 % block_size : 8 * (index * 613 % (block_size / 8));
    std::size_t end = size;
    while (is_text(index) && (block[(offset + end) % block_size] & 0xc0) == 0x80) {
        --end;  // not inside a code point
    }
    std::string content;
    content.reserve(size);
    while (content.size() < end) {
        content.append(block, offset, end - content.size());
        offset = 0;
    }
    content.resize(size, 'x');
    return content;
}

/// The code that the client asks the server to close with; 0 if it does not.
inline int close_wish(bool text, std::string_view content) {
    if (!text || content.size() != 10 || !content.starts_with("close ")) {
        return 0;
    }
    return std::stoi(std::string(content.substr(6)));
}

/// Sums up received messages.
struct tally {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    unsigned long digest = 0;

    void add(bool text, std::string_view content) {
        std::array<Bytef, 5> head{static_cast<Bytef>(text ? 1 : 2)};
        for (unsigned at = 0; at < 4; ++at) {
            head[at + 1] = static_cast<Bytef>(content.size() >> 8 * at & 0xff);
        }
        messages += 1;
        bytes += content.size();
        digest = crc32_z(digest, head.data(), head.size());
        digest = crc32_z(digest, reinterpret_cast<const Bytef*>(content.data()), content.size());
    }
};

/// How one end saw the connection; printed as one line of JSON. A code of 0: not known.
struct report {
    tally sum;
    std::string extensions;
    std::size_t wire_in = 0;
    int code = 0;
    std::string reason;
    bool clean = false;
    std::string problem = {};

    void print() const {
        std::printf("{\"messages\": %zu, \"bytes\": %zu, \"digest\": %lu, \"extensions\": %s, ",
                    sum.messages, sum.bytes, sum.digest, quoted(extensions).c_str());
        std::printf("\"wire_in\": %zu, \"code\": %d, \"reason\": %s, \"clean\": %s, ", wire_in,
                    code, quoted(reason).c_str(), clean ? "true" : "false");
        std::printf("\"problem\": %s}\n", quoted(problem).c_str());
        std::fflush(stdout);
    }

    static std::string quoted(std::string_view text) {
        std::string out = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') {
                out += '\\';
            }
            out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
        return out + '"';
    }
};

/// The command line after the role: pairs `--name value`.
class options {
public:
    options(int argc, char** argv) {
        for (int at = 2; at + 1 < argc; at += 2) {
            values_[argv[at] + 2] = argv[at + 1];
        }
    }

    [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
    [[nodiscard]] bool on(const std::string& name) const { return has(name) && text(name) == "1"; }
    [[nodiscard]] int number(const std::string& name) const { return std::stoi(text(name)); }
    [[nodiscard]] const std::string& text(const std::string& name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) {
            throw std::invalid_argument("--" + name + " is missing");
        }
        return found->second;
    }

private:
    std::map<std::string, std::string> values_;
};

}  // namespace interop
