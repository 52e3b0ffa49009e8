// The smallest server: every message comes back. Built by test/checks/package as a user's own.
#include <utility>
#include <websock/websock.hpp>

websock::awaitable<void> echo(websock::connection peer) {
    while (auto message = co_await peer.receive())
        co_await peer.send(std::move(*message));
}

int main() {
    websock::server server;
    server.route("/ws", echo);
    server.listen({"0.0.0.0", 8888});
    server.run();
}
