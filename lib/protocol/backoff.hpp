// How long to wait before the next attempt to connect: exponential back-off with full jitter. RFC
// 6455 §7.2.3: "Clients SHOULD use some form of backoff when trying to reconnect after abnormal
// closures"; the jitter keeps the clients of a server that restarts from returning all at once.
#pragma once

#include <chrono>
#include <cstdint>

namespace websock::protocol {

/// Any values will do: a negative delay counts as zero, a factor under 1 (or not a number) as 1, a
/// maximum over a year as a year, and the initial delay is bounded by the maximum.
struct backoff_settings {
    /// The upper bound of the first delay.
    std::chrono::milliseconds initial_delay{500};
    /// What the upper bound grows by with every further delay.
    double factor = 2;
    /// The upper bound of every delay.
    std::chrono::milliseconds maximum_delay{30'000};
};

/// The delays of one series of attempts. Knows no clock, and no randomness: both are the caller's.
class backoff {
public:
    explicit backoff(const backoff_settings& settings = {}) noexcept;

    /// The delay before the next attempt: uniform from zero to the present bound, both possible,
    /// if all 64 bits of `random` are. Then raises the bound.
    [[nodiscard]] std::chrono::milliseconds next(std::uint64_t random) noexcept;

    /// The upper bound of what `next` will return.
    [[nodiscard]] std::chrono::milliseconds bound() const noexcept;

    /// Begins again with the initial delay: an attempt has succeeded.
    void reset() noexcept { bound_ = initial_; }

private:
    // In milliseconds. Not whole numbers, else a bound of 1 ms could not grow by a factor of 1.5.
    double initial_;
    double factor_;
    double maximum_;
    double bound_;
};

}  // namespace websock::protocol
