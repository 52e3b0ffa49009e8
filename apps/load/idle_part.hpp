// The idle mode on one thread: connections that open and stay, and answer pings.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "part.hpp"
#include "ws_connection.hpp"

namespace load_app {

class idle_part final : public part {
public:
    idle_part(const settings& chosen, std::size_t number);
    ~idle_part() override;

    void open() override;
    void begin(const timetable& times) override;
    void stop() override;
    void close() override;

private:
    class idler final : public ws_connection {
    public:
        explicit idler(idle_part& whole) : ws_connection(whole), whole_(whole) {}

    private:
        void on_open() override { whole_.gate().settled(); }
        void on_failure() override { whole_.gate().settled(); }
        void on_message(websock::message_view) override { bump(whole_.live().received); }
        void on_end() override {}

        idle_part& whole_;
    };

    std::vector<std::unique_ptr<idler>> connections_;
    boost::asio::steady_timer timer_;
};

}  // namespace load_app
