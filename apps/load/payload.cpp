#include "payload.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <random>

namespace load_app {
namespace {

constexpr std::size_t most_memory = 4 * 1024 * 1024;
constexpr std::size_t most_variants = 64;

// The same in each run: runs are compared.
using generator = std::mt19937_64;

char printable(generator& random) { return static_cast<char>(' ' + random() % ('~' - ' ' + 1)); }

void append_code_point(std::string& text, std::size_t bytes, generator& random) {
    const auto between = [&random](std::uint32_t first, std::uint32_t last) {
        return first + static_cast<std::uint32_t>(random() % (last - first + 1));
    };
    const auto tail = [](std::uint32_t code, int shift) {
        return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
    };
    if (bytes == 1) {
        text += printable(random);
    } else if (bytes == 2) {
        const std::uint32_t code = between(0xA1, 0x7FF);
        text += {static_cast<char>(0xC0 | (code >> 6)), tail(code, 0)};
    } else if (bytes == 3) {
        const std::uint32_t code = between(0x4E00, 0x9FFF);
        text += {static_cast<char>(0xE0 | (code >> 12)), tail(code, 6), tail(code, 0)};
    } else {
        const std::uint32_t code = between(0x1F300, 0x1F6FF);
        text +=
            {static_cast<char>(0xF0 | (code >> 18)), tail(code, 12), tail(code, 6), tail(code, 0)};
    }
}

void append_multibyte(std::string& text, std::size_t end, generator& random) {
    while (text.size() < end) {
        const std::size_t left = end - text.size();
        append_code_point(text, std::min<std::size_t>(left, 1 + random() % 4), random);
    }
}

// As an API might send it: the same keys again and again, values that differ. Cut where it is full.
void append_json(std::string& text, std::size_t end, generator& random) {
    constexpr std::array names{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"};
    constexpr std::array states{"active", "pending", "closed"};
    const char* separator = "[";
    while (text.size() < end) {
        text.append(separator).append(R"({"id":)").append(std::to_string(random() % 1'000'000));
        text.append(R"(,"user":")").append(names[random() % names.size()]);
        text.append(R"(","status":")").append(states[random() % states.size()]);
        text.append(R"(","price":)").append(std::to_string(random() % 1000)).append(".");
        text.append(std::to_string(10 + random() % 90)).append(R"(,"tags":["load","test"]})");
        separator = ",";
    }
    text.resize(end);
}

void append(std::string& text, payload_kind kind, std::size_t end, generator& random) {
    switch (kind) {
        case payload_kind::multibyte:
            return append_multibyte(text, end, random);
        case payload_kind::json:
            return append_json(text, end, random);
        case payload_kind::binary:
            while (text.size() < end) {
                text += static_cast<char>(random());
            }
            return;
        case payload_kind::ascii:
            while (text.size() < end) {
                text += printable(random);
            }
            return;
    }
}

}  // namespace

payload_set::payload_set(payload_kind kind, std::size_t size, std::size_t blank)
    : size_(size),
      mask_(std::bit_floor(std::clamp<std::size_t>(most_memory / std::max<std::size_t>(size, 1), 1,
                                                   most_variants)) -
            1) {
    generator random;
    all_.reserve((mask_ + 1) * size + 256);
    for (std::uint64_t i = 0; i <= mask_; ++i) {
        const std::size_t end = all_.size() + size;
        all_.append(std::min(blank, size), '0');
        append(all_, kind, end, random);
    }
}

}  // namespace load_app
