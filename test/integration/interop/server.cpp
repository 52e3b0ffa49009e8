// Our server in the interop matrix: `interop_server server --name value ...`, see README.md. Serves
// one connection at /ws, prints how it saw it, and ends. The page at / is for a browser to start
// at.
#include <cstdio>
#include <exception>
#include <utility>
#include <websock/websock.hpp>

#include "ends.hpp"

namespace {

websock::awaitable<void> echo(websock::connection peer, websock::compression wish,
                              interop::report& seen) {
    while (auto message = co_await peer.receive()) {
        if (const int code = interop::close_wish(message->is_text(), message->text())) {
            websock::close_reason reason(static_cast<websock::close_code>(code), "as asked");
            co_await peer.close(std::move(reason));
            break;
        }
        seen.sum.add(message->is_text(), message->text());
        co_await peer.send(std::move(*message), wish);
    }
}

websock::awaitable<void> serve_one(websock::connection peer, websock::compression wish,
                                   websock::server& server, interop::report& seen) {
    try {
        co_await echo(peer, wish, seen);
        interop::note_end(seen, peer);
    } catch (const std::exception& e) {
        seen.problem = e.what();
    }
    server.stop();
}

int run(const interop::options& chosen) {
    websock::server_options options;
    options.connection = interop::connection_options(chosen);
    options.log = [](websock::log_level level, std::string_view line) {
        if (level >= websock::log_level::warning) {
            static_cast<void>(std::fprintf(stderr, "%s\n", std::string(line).c_str()));
        }
    };
    websock::server server(std::move(options));
    interop::report seen;
    const auto wish =
        chosen.on("compress-all") ? websock::compression::yes : websock::compression::automatic;
    server.route("/ws", [wish, &server, &seen](websock::connection peer) {
        return serve_one(std::move(peer), wish, server, seen);
    });
    server.route("/", websock::page{.body = "<!DOCTYPE html><title>interop</title>"});
    const websock::address any_port{"127.0.0.1", 0};
    const int port = chosen.has("cert")
                         ? server.listen(any_port, websock::tls_context::from_files(
                                                       chosen.text("cert"), chosen.text("key")))
                         : server.listen(any_port);
    std::printf("{\"port\": %d}\n", port);
    std::fflush(stdout);
    server.run();
    seen.print();
    return seen.problem.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(interop::options(argc, argv));
    } catch (const std::exception& e) {
        static_cast<void>(std::fprintf(stderr, "interop_server: %s\n", e.what()));
        return 1;
    }
}
