// What the benchmarks of the leaves share. Each is registered under WHAT/SIZE/WHO, where WHO is
// `ours`, `twin` (the slow one of test/support) or `memcpy`; the script `leaves` makes ratios of
// them.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <utility>

#include "support/bytes.hpp"

namespace websock::bench {

/// Registers `work`, which handles `bytes` bytes a call.
template <class Work>
void add(const std::string& what, std::size_t size, const char* who, std::size_t bytes, Work work) {
    const std::string name = what + '/' + std::to_string(size) + '/' + who;
    benchmark::RegisterBenchmark(
        name.c_str(), [bytes, work = std::move(work)](benchmark::State& state) mutable {
            for (auto _ : state)
                work();
            state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
        });
}

/// Registers what a copy of `from` costs.
inline void add_memcpy(const std::string& what, std::size_t size, test::byte_vector from) {
    const std::size_t bytes = from.size();
    add(what, size, "memcpy", bytes,
        [from = std::move(from), to = test::byte_vector(bytes)]() mutable {
            // The compiler shall not know how much it is.
            std::size_t count = from.size();
            benchmark::DoNotOptimize(count);
            std::memcpy(to.data(), from.data(), count);
            benchmark::DoNotOptimize(to.data());
            benchmark::ClobberMemory();
        });
}

/// Text of `size` bytes, cut to whole code points and filled up with blanks: one of `ascii`,
/// `latin` (an accent in six letters), `cjk`, `emoji`, `mixed` (words of all of them).
inline test::byte_vector make_text(std::string_view script, std::size_t size) {
    const auto pick = [](std::string_view name) -> std::vector<std::string_view> {
        if (name == "ascii")
            return {"the quick ", "brown fox ", "jumps over ", "a lazy dog, "};
        if (name == "latin")
            return {"Größe ", "déjà vu ", "mañana ", "le garçon ", "über uns "};
        if (name == "cjk")
            return {"快速的棕色狐狸", "日本語の文章", "한국어문장", "中文"};
        return {"😀", "🚀🚀", "👩‍💻", "🎉"};
    };
    std::vector<std::string_view> words = pick(script == "mixed" ? "ascii" : script);
    if (script == "mixed")
        for (const char* other : {"latin", "cjk", "emoji"})
            for (const std::string_view word : pick(other))
                words.push_back(word);
    std::minstd_rand random(1);  // NOLINT(*-msc51-cpp): the same every time
    std::string text;
    for (int misses = 0; misses < 8;) {
        const std::string_view word = words[random() % words.size()];
        if (text.size() + word.size() <= size)
            text += word;
        else
            ++misses;
    }
    text.resize(size, ' ');
    return test::text_bytes(text);
}

inline constexpr std::size_t sizes[] = {20, 1024, 16 * 1024, 1024 * 1024};

void add_utf8();
void add_mask();
void add_frame_headers();
void add_endpoint();

}  // namespace websock::bench
