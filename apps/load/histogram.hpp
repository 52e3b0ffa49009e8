// Counts of durations, log-linear as HdrHistogram's: each power of two is cut into 128 equal parts,
// so a value is known to within 0.8 %, from nanoseconds to minutes, in a fixed 34 KiB.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace load_app {

/// Which bucket a number of nanoseconds falls into, and the last number of a bucket.
struct buckets {
    static constexpr unsigned part_bits = 7;  // 128 parts
    static constexpr unsigned range_bits = 40;
    static constexpr std::uint64_t parts = std::uint64_t{1} << part_bits;
    static constexpr std::uint64_t largest = (std::uint64_t{1} << range_bits) - 1;
    static constexpr std::size_t count = (range_bits - part_bits + 1) * parts;

    static constexpr std::size_t index_of(std::uint64_t ns) noexcept {
        ns = std::min(ns, largest);
        const unsigned bits = static_cast<unsigned>(std::bit_width(ns));
        const unsigned shift = bits > part_bits + 1 ? bits - part_bits - 1 : 0;
        return (std::uint64_t{shift} << part_bits) + (ns >> shift);
    }

    static constexpr std::uint64_t last_of(std::size_t index) noexcept {
        const std::uint64_t shift = index < 2 * parts ? 0 : (index >> part_bits) - 1;
        return ((index - (shift << part_bits) + 1) << shift) - 1;
    }
};

static_assert(buckets::index_of(buckets::largest) + 1 == buckets::count);
static_assert(buckets::last_of(buckets::count - 1) == buckets::largest);
static_assert(buckets::last_of(255) == 255 && buckets::last_of(256) == 257);

class histogram {
public:
    using duration = std::chrono::nanoseconds;

    /// Counts one; a negative value counts as 0, one over the range (18 min) as the largest.
    void record(duration value) noexcept {
        const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
        ++counts_[buckets::index_of(ns)];
        ++count_;
        sum_ += ns;
        max_ = std::max(max_, ns);
    }

    void merge(const histogram& other) noexcept {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            counts_[i] += other.counts_[i];
        }
        count_ += other.count_;
        sum_ += other.sum_;
        max_ = std::max(max_, other.max_);
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] duration max() const noexcept { return to_duration(max_); }
    [[nodiscard]] duration mean() const noexcept {
        return to_duration(count_ == 0 ? 0 : sum_ / count_);
    }

    /// The least value that `share` (0 to 1) of all do not exceed; 0 if there are none.
    [[nodiscard]] duration quantile(double share) const noexcept {
        const auto wanted =
            static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > 0 && seen >= wanted) {
                return to_duration(std::min(buckets::last_of(i), max_));
            }
        }
        return duration(0);
    }

    /// How many are at most `limit`, to within the resolution.
    [[nodiscard]] std::uint64_t count_to(duration limit) const noexcept {
        const std::size_t end = buckets::index_of(static_cast<std::uint64_t>(limit.count())) + 1;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < end; ++i) {
            seen += counts_[i];
        }
        return seen;
    }

private:
    static duration to_duration(std::uint64_t ns) noexcept {
        return duration(static_cast<duration::rep>(ns));
    }

    std::array<std::uint64_t, buckets::count> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace load_app
