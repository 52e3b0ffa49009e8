// The fan-out mode on one thread: receivers, and on the first thread also the one who publishes.
//
// Every message begins with its number (8 hex digits, if it is that long), so a receiver tells what
// is lost or comes twice. A delivery counts if its message was published after the warm-up.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "checker.hpp"
#include "fanout_board.hpp"
#include "part.hpp"
#include "payload.hpp"
#include "ws_connection.hpp"

namespace load_app {

/// Bytes of a message's number.
inline constexpr std::size_t number_size = 8;

class fanout_part;

/// What all parts share.
struct fanout_room {
    payload_set messages;
    fanout_board board;
    fanout_part* publishing = nullptr;  ///< the part that has the publisher
};

class fanout_part final : public part {
public:
    fanout_part(const settings& chosen, std::size_t number, fanout_room& room);
    ~fanout_part() override;

    void open() override;
    void begin(const timetable& times) override;
    void stop() override;
    void close() override;

private:
    class receiver final : public ws_connection {
    public:
        receiver(fanout_part& whole, std::uint64_t every)
            : ws_connection(whole), whole_(whole), check_(every) {}
        void watch(time_point now);

    private:
        void on_open() override;
        void on_failure() override { whole_.gate().settled(); }
        void on_message(websock::message_view view) override;
        void on_end() override;
        [[nodiscard]] bool is_right(websock::message_view view, std::uint64_t number, bool look);
        [[nodiscard]] bool catch_up(websock::message_view view);
        void count_off(std::uint64_t number);

        fanout_part& whole_;
        checker check_;
        std::uint64_t next_ = 0;  // the message that is to come
    };

    class publisher final : public ws_connection {
    public:
        explicit publisher(fanout_part& whole) : ws_connection(whole), whole_(whole) {}
        void publish(std::uint64_t number);

    private:
        void on_open() override { whole_.gate().settled(); }
        void on_failure() override { whole_.gate().settled(); }
        void on_message(websock::message_view) override {}
        void on_end() override { whole_.finish_if_done(); }

        fanout_part& whole_;
        std::string text_;
    };

    // The publisher's side: on its part's thread.
    void joined() { ++receivers_; }
    void left(std::uint64_t first_missing);
    void delivered();
    void start_publishing();
    void publish_due();
    bool publish(time_point when);
    [[nodiscard]] bool is_over(time_point now) const noexcept;
    void finish_if_done();

    void keep_watch();

    fanout_room& room_;
    const websock::message_kind kind_;
    timetable times_{time_point::max(), time_point::max(), time_point::max()};
    std::vector<std::unique_ptr<receiver>> connections_;
    boost::asio::steady_timer watch_timer_;

    std::unique_ptr<publisher> publisher_;
    boost::asio::steady_timer due_timer_;
    std::size_t receivers_ = 0;    // of all parts
    std::uint64_t delivered_ = 0;  // messages that all have got
    std::uint64_t left_;           // of --count
    time_point due_;               // open loop: the next message's time and number
    std::uint64_t due_number_ = 0;
};

}  // namespace load_app
