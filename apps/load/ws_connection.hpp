// A WebSocket connection of a run: connects, tells its part how that went, and how it ended. What
// happens in between is the business of the class derived from it. All on the part's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <cstdint>
#include <string>
#include <websock/websock.hpp>

#include "part.hpp"

namespace load_app {

class ws_connection {
public:
    explicit ws_connection(part& whole) : whole_(whole) {}
    ws_connection(const ws_connection&) = delete;
    ws_connection& operator=(const ws_connection&) = delete;
    virtual ~ws_connection() = default;

    /// Ends in on_open() or on_failure().
    void dial(const std::string& url);
    /// Closes with 1000; the server has to answer that.
    void say_goodbye();
    /// After an error that has been counted: how it ends does not matter any more.
    void abandon();

    [[nodiscard]] bool is_up() const noexcept { return state_ == state::open; }

protected:
    virtual void on_open() = 0;
    virtual void on_failure() = 0;
    virtual void on_message(websock::message_view view) = 0;
    /// It was open, and is not any more: ended, or abandoned.
    virtual void on_end() = 0;

    websock::connection& peer() noexcept { return peer_; }
    /// When dial() was called.
    [[nodiscard]] time_point began() const noexcept { return began_; }
    /// Calls `step` on the connection's strand, now if that is free: there a message is sent
    /// without a copy of it being posted.
    template <class Step>
    void on_strand(Step step) {
        boost::asio::dispatch(executor_, std::move(step));
    }

private:
    enum class state : std::uint8_t { idle, dialing, open, closing, gone };

    [[nodiscard]] websock::client_options options() const;
    [[nodiscard]] websock::handlers callbacks();
    void connected(websock::connection& peer);
    void disconnected(const websock::close_info& how);
    void leave();

    part& whole_;
    websock::connection peer_;
    boost::asio::any_io_executor executor_;
    time_point began_;
    state state_ = state::idle;
};

}  // namespace load_app
