// Sends each message that it gets to all connections at "/", the sender too; those at "/publish"
// get nothing. Prints its port.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>
#include <websock/websock.hpp>

namespace {

// One thread: no lock.
class room {
public:
    websock::handlers handlers() {
        websock::handlers result;
        result.on_open = [this](websock::connection& peer) { members_.push_back(peer); };
        result.on_message = [this](websock::connection&, websock::message_view view) {
            send(view);
        };
        result.on_close = [this](websock::connection& peer, const websock::close_info&) {
            std::erase(members_, peer);
        };
        return result;
    }

    websock::handlers publisher() {
        websock::handlers result;
        result.on_message = [this](websock::connection&, websock::message_view view) {
            send(view);
        };
        return result;
    }

private:
    void send(websock::message_view view) {
        for (websock::connection& each : members_) {
            static_cast<void>(each.try_send(view));
        }
    }

    std::vector<websock::connection> members_;
};

}  // namespace

int main() {
    try {
        websock::server server;
        room everyone;
        server.route("/", everyone.handlers());
        server.route("/publish", everyone.publisher());
        std::printf("%u\n", static_cast<unsigned>(server.listen({"127.0.0.1", 0})));
        std::fflush(stdout);
        server.run();
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "fanout_server: %s\n", e.what());
        return 1;
    }
}
