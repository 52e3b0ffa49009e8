// An echo over WebSocket.
#pragma once

#include "checker.hpp"
#include "echo_connection.hpp"
#include "echo_part.hpp"
#include "ws_connection.hpp"

namespace load_app {

class ws_echo final : public echo_connection, private ws_connection {
public:
    ws_echo(echo_part& whole, std::size_t number);

    void open() override { dial(whole_.chosen().server.url); }
    void send(time_point when) override;
    void close() override { say_goodbye(); }
    void give_up() override { abandon(); }
    [[nodiscard]] bool is_open() const noexcept override { return is_up(); }

private:
    void on_open() override { whole_.settled(); }
    void on_failure() override { whole_.settled(); }
    void on_message(websock::message_view view) override;
    void on_end() override;
    void send_now(time_point when);
    [[nodiscard]] bool is_right(websock::message_view view);

    echo_part& whole_;
    websock::message_kind kind_;
    checker check_;
    std::uint64_t next_out_;
    std::uint64_t next_in_;
};

}  // namespace load_app
