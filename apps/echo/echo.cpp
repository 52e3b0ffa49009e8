#include "echo.hpp"

#include <utility>

namespace echo_app {

websock::awaitable<void> echo(websock::connection peer) {
    while (auto message = co_await peer.receive()) {
        co_await peer.send(std::move(*message));
    }
}

websock::handlers echo_callbacks() {
    return {.on_message = [](websock::connection& peer, websock::message_view view) {
        // Reading stops while much is queued, so an echo does not overfill the outbox; it fails
        // only when the connection is closing, and then nobody waits for it.
        static_cast<void>(peer.try_send(view));
    }};
}

}  // namespace echo_app
