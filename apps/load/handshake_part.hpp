// The handshake mode on one thread: connections that open, close with 1000, and open again.
//
// What counts as a message here is a handshake: one that began after the warm-up and before the
// end.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "part.hpp"
#include "ws_connection.hpp"

namespace load_app {

class handshake_part final : public part {
public:
    handshake_part(const settings& chosen, std::size_t number);
    ~handshake_part() override;

    void open() override { live().opened = true; }
    void begin(const timetable& times) override;
    void stop() override;
    void close() override;

private:
    // Connects again and again.
    class slot final : public ws_connection {
    public:
        explicit slot(handshake_part& whole) : ws_connection(whole), whole_(whole) {}
        void go_on();

    private:
        void on_open() override;
        void on_failure() override { go_on(); }
        void on_message(websock::message_view) override {}
        void on_end() override { go_on(); }

        handshake_part& whole_;
    };

    [[nodiscard]] bool take_turn(time_point now) noexcept;

    timetable times_{time_point::max(), time_point::max(), time_point::max()};
    bool limited_;
    std::uint64_t left_;  // of --count
    std::size_t busy_ = 0;
    std::vector<std::unique_ptr<slot>> slots_;
    boost::asio::steady_timer timer_;
};

}  // namespace load_app
