// The echo mode on one thread: when to send, and what replies amount to.
//
// A message counts if it left (open loop: was due) after the warm-up and before the end; its reply
// is waited for, at most --timeout. So no slow reply is left out at the end.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <limits>
#include <memory>
#include <vector>

#include "echo_connection.hpp"
#include "part.hpp"
#include "payload.hpp"

namespace load_app {

class raw_dialer;

class echo_part final : public part {
public:
    echo_part(const settings& chosen, std::size_t number, const payload_set& messages);
    ~echo_part() override;

    void open() override;
    void begin(const timetable& times) override;
    void stop() override;
    void close() override;

    [[nodiscard]] const payload_set& messages() const noexcept { return messages_; }

    // For the connections.
    void settled() { gate().settled(); }
    /// A right reply has come to what was sent at `sent`.
    void replied(time_point sent, time_point now) noexcept {
        if (sent >= times_.measure) {
            counts().latency.record(now - sent);
            counts().last = now;
        }
        bump(live().received);
    }
    /// Says whether, a reply having come, the next message is to leave; if so, it must.
    [[nodiscard]] bool wants_next(time_point now) noexcept {
        --in_flight_;
        return !is_open_loop() && take_turn(now);
    }
    /// Called when wants_next() said no.
    void rest() { finish_if_done(clock::now()); }
    /// A connection has ended, with so many replies outstanding.
    void lost(std::size_t outstanding);

private:
    static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

    [[nodiscard]] bool is_open_loop() const noexcept { return is_open_loop_; }
    [[nodiscard]] bool take_turn(time_point when) noexcept {
        if (when >= times_.end) {
            return false;
        }
        if (when >= times_.measure) {
            if (left_ == 0) {
                return false;
            }
            --left_;
        }
        ++in_flight_;
        return true;
    }
    [[nodiscard]] bool is_over(time_point now) const noexcept {
        return now >= times_.end || left_ == 0;
    }
    void finish_if_done(time_point now);
    void start_sending();
    void send_due();
    void send_one(echo_connection& connection);
    void schedule_next();
    [[nodiscard]] time_point due_at(std::size_t index, std::uint64_t round) const;
    void wait_for_due();
    void keep_watch();
    void watch(time_point now);

    const payload_set& messages_;
    const bool is_open_loop_;
    timetable times_{time_point::max(), time_point::max(), time_point::max()};
    std::uint64_t left_ = no_limit;  // of --count
    std::uint64_t in_flight_ = 0;
    std::unique_ptr<raw_dialer> raw_;  // for tcp and tls
    std::vector<std::unique_ptr<echo_connection>> connections_;
    boost::asio::steady_timer watch_timer_;
    boost::asio::steady_timer due_timer_;
    time_point due_;  // open loop: the next message's time, connection and round
    std::size_t due_index_ = 0;
    std::uint64_t due_round_ = 0;
};

}  // namespace load_app
