// What a session asks of the layer above it: an answer to the request, and a consumer for the
// messages. The facade implements both; nothing here knows about user handlers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <websock/close.hpp>
#include <websock/message.hpp>
#include <websock/request.hpp>

namespace websock::net {

class driver;

/// How messages reach the consumer.
enum class delivery : std::uint8_t {
    inbox,   ///< they wait until the connection's `receive` takes them
    direct,  ///< on_message, straight from the read loop
};

/// The receiving side of one connection. All calls come on its strand.
class consumer {
public:
    virtual ~consumer() = default;
    [[nodiscard]] virtual delivery how() const noexcept = 0;
    /// The handshake is complete. An exception closes the connection with 1011.
    virtual void on_open(const std::shared_ptr<driver>& connection) = 0;
    /// A message, with delivery::direct. An exception closes the connection with 1011.
    virtual void on_message(const message_view& view) = 0;
    /// The end, exactly once after on_open. An exception is logged.
    virtual void on_close(const close_info& info) = 0;
};

/// What is at a path.
struct resource {
    enum class kind : std::uint8_t { none, websocket, page };
    kind what = kind::none;
    const websock::page* content = nullptr;     ///< of a page
    std::span<const std::string> subprotocols;  ///< of a WebSocket route
    const void* route = nullptr;                ///< for make_consumer
};

class application {
public:
    virtual ~application() = default;
    /// Finds what is at `path`. Called on any session's strand; what it refers to stays as it is
    /// for the application's life.
    [[nodiscard]] virtual resource find(std::string_view path) const = 0;
    /// Makes the consumer for a connection that was upgraded at `found`.
    [[nodiscard]] virtual std::unique_ptr<consumer> make_consumer(const resource& found) const = 0;
};

}  // namespace websock::net
