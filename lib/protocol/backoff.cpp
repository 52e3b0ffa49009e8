#include "backoff.hpp"

#include <algorithm>

namespace websock::protocol {
namespace {

using std::chrono::milliseconds;

// Far more than anyone waits, and far less than what overflows when it is added to a time point.
constexpr milliseconds longest = std::chrono::hours(24 * 365);

double clamped(milliseconds delay, milliseconds maximum) noexcept {
    return static_cast<double>(std::clamp(delay, milliseconds::zero(), maximum).count());
}

}  // namespace

backoff::backoff(const backoff_settings& settings) noexcept
    : initial_(clamped(settings.initial_delay,
                       std::clamp(settings.maximum_delay, milliseconds::zero(), longest))),
      factor_(settings.factor >= 1 ? settings.factor : 1),
      maximum_(clamped(settings.maximum_delay, longest)),
      bound_(initial_) {}

milliseconds backoff::next(std::uint64_t random) noexcept {
    const milliseconds present = bound();
    const double grown = bound_ * factor_;
    // "Not less" would let through what is not a number: zero times an infinite factor.
    bound_ = grown < maximum_ ? grown : maximum_;
    // The bound has at most 35 bits, so the bias of the remainder is below 2^-29.
    const std::uint64_t choices = static_cast<std::uint64_t>(present.count()) + 1;
    return milliseconds(static_cast<std::int64_t>(random % choices));
}

milliseconds backoff::bound() const noexcept {
    return milliseconds(static_cast<std::int64_t>(bound_));
}

}  // namespace websock::protocol
