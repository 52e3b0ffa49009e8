// Which replies of a connection have their content looked at: all at first, then a sample.
#pragma once

#include <cstdint>

namespace load_app {

class checker {
public:
    explicit checker(std::uint64_t every) noexcept : every_(every) {}

    /// Says whether to look at the next one.
    [[nodiscard]] bool next() noexcept {
        if (++since_ < wait_) {
            return false;
        }
        since_ = 0;
        if (whole_ > 0) {
            --whole_;
        } else {
            wait_ = every_;
        }
        return wait_ != 0;
    }

private:
    std::uint64_t every_;
    std::uint64_t wait_ = 1;
    std::uint64_t since_ = 0;
    unsigned whole_ = 16;
};

}  // namespace load_app
