// Our client in the interop matrix: `interop_client client --url URL --name value ...`, see
// README.md. Sends the whole programme to an echo server while it checks the echoes, closes, and
// prints how it saw the connection.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>
#include <websock/websock.hpp>

#include "ends.hpp"

namespace {

using boost::asio::experimental::awaitable_operators::operator&&;
using size_list = std::vector<std::size_t>;

// Some messages ask for compression, some refuse it: both may stand in one connection.
websock::compression compression_of(std::size_t index) {
    switch (index % 7) {
        case 3:
            return websock::compression::no;
        case 5:
            return websock::compression::yes;
        default:
            return websock::compression::automatic;
    }
}

websock::awaitable<void> send_all(websock::connection peer, const size_list& sizes) {
    for (std::size_t index = 0; index < sizes.size(); ++index) {
        const auto kind =
            interop::is_text(index) ? websock::message_kind::text : websock::message_kind::binary;
        websock::message whole(kind, interop::payload(index, sizes[index]));
        co_await peer.send(std::move(whole), compression_of(index));
    }
}

websock::awaitable<void> receive_all(websock::connection peer, const size_list& sizes,
                                     interop::tally& sum) {
    for (std::size_t index = 0; index < sizes.size(); ++index) {
        const auto echo = co_await peer.receive();
        if (!echo) {
            throw std::runtime_error("ended before the echo of message " + std::to_string(index));
        }
        if (echo->is_text() != interop::is_text(index) ||
            echo->text() != interop::payload(index, sizes[index])) {
            throw std::runtime_error("the echo of message " + std::to_string(index) + " differs");
        }
        sum.add(echo->is_text(), echo->text());
    }
}

websock::awaitable<void> end(websock::connection peer, const interop::options& chosen) {
    if (chosen.text("closer") == "server") {
        websock::message wish("close " + chosen.text("code"));
        co_await peer.send(std::move(wish));
        if (co_await peer.receive()) {
            throw std::runtime_error("a message where the end was awaited");
        }
        co_return;
    }
    websock::close_reason reason(static_cast<websock::close_code>(chosen.number("code")),
                                 "Gr\u00fc\u00dfe");
    co_await peer.close(std::move(reason));
}

websock::awaitable<void> run(const interop::options& chosen, interop::report& seen) {
    websock::client_options options;
    options.connection = interop::connection_options(chosen);
    if (chosen.has("ca")) {
        options.trust = websock::tls_trust::ca_file(chosen.text("ca"));
    }
    const size_list sizes = interop::sizes(static_cast<std::size_t>(chosen.number("messages")),
                                           static_cast<std::size_t>(chosen.number("largest")));
    std::string url = chosen.text("url");
    websock::connection peer = co_await websock::connect(std::move(url), std::move(options));
    seen.extensions = peer.extensions();
    co_await (send_all(peer, sizes) && receive_all(peer, sizes, seen.sum));
    co_await end(peer, chosen);
    interop::note_end(seen, peer);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const interop::options chosen(argc, argv);
        interop::report seen;
        boost::asio::io_context context(1);
        boost::asio::co_spawn(context, run(chosen, seen), [&seen](std::exception_ptr failure) {
            try {
                if (failure) {
                    std::rethrow_exception(failure);
                }
            } catch (const std::exception& e) {
                seen.problem = e.what();
            }
        });
        context.run();
        seen.print();
        return seen.problem.empty() ? 0 : 1;
    } catch (const std::exception& e) {
        static_cast<void>(std::fprintf(stderr, "interop_client: %s\n", e.what()));
        return 1;
    }
}
