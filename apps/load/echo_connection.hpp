// What the connections of an echo run have in common, whatever they speak: messages leave, replies
// come in the same order.
#pragma once

#include <cstdint>
#include <optional>

#include "payload.hpp"
#include "send_times.hpp"

namespace load_app {

class echo_connection {
public:
    virtual ~echo_connection() = default;

    virtual void open() = 0;
    /// Sends a message; its time counts from `when`.
    virtual void send(time_point when) = 0;
    virtual void close() = 0;
    /// After an error that has been counted.
    virtual void give_up() = 0;
    [[nodiscard]] virtual bool is_open() const noexcept = 0;

    [[nodiscard]] std::size_t in_flight() const noexcept { return times_.size(); }
    /// When the oldest message left whose reply has not come.
    [[nodiscard]] std::optional<time_point> oldest() const noexcept {
        return times_.empty() ? std::nullopt : std::optional(times_.front());
    }

protected:
    send_times& times() noexcept { return times_; }

private:
    send_times times_;
};

}  // namespace load_app
