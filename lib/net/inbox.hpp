// Messages that wait for `receive`, counted in bytes.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>
#include <websock/message.hpp>

namespace websock::net {

class inbox {
public:
    /// What it takes to hold a message, besides its payload, in bytes.
    static constexpr std::size_t overhead = sizeof(message) + sizeof(std::string);

    void push(message&& whole) {
        bytes_ += cost(whole);
        messages_.push_back(std::move(whole));
    }

    [[nodiscard]] message pop() {
        message first = std::move(messages_[head_++]);
        bytes_ -= cost(first);
        if (head_ == messages_.size()) {
            clear();
        } else if (head_ >= 64 && head_ >= messages_.size() / 2) {
            messages_.erase(messages_.begin(),
                            messages_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        return first;
    }

    void clear() noexcept {
        head_ = 0;
        bytes_ = 0;
        if (messages_.capacity() > kept_capacity) {
            messages_ = std::vector<message>();
        } else {
            messages_.clear();
        }
    }

    [[nodiscard]] bool empty() const noexcept { return head_ == messages_.size(); }
    /// Bytes of the waiting messages, with what it takes to hold them.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    static constexpr std::size_t kept_capacity = 16;

    static std::size_t cost(const message& whole) noexcept { return overhead + whole.size(); }

    std::vector<message> messages_;
    std::size_t head_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace websock::net
