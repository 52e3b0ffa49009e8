// What is sent: made before the run, several different messages of one size, one after the other in
// memory. A reply that belongs to another message, or connection, so has the wrong content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "options.hpp"

namespace load_app {

class payload_set {
public:
    /// Messages of `size` bytes; text kinds are valid UTF-8. The first `blank` bytes of each are
    /// '0's (if there are so many): room for a number.
    payload_set(payload_kind kind, std::size_t size, std::size_t blank = 0);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Message number `number`; they repeat.
    [[nodiscard]] std::string_view operator[](std::uint64_t number) const noexcept {
        return {all_.data() + (number & mask_) * size_, size_};
    }
    /// All of them until they repeat.
    [[nodiscard]] std::string_view all() const noexcept { return all_; }

private:
    std::size_t size_;
    std::uint64_t mask_;
    std::string all_;
};

}  // namespace load_app
