// The client under test: for each line of standard input, "URL option…", it connects, sends every
// message back until the connection ends, and prints how that was. Options: deflate=off or
// deflate=LEVEL, subprotocol=NAME. Its one argument names the certificates that it trusts. Lines:
//   ended CODE clean|unclean local|peer       after an opening handshake that succeeded
//   refused STATUS                            that failed; 0: there was no HTTP response
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <utility>
#include <websock/websock.hpp>

namespace {

namespace asio = boost::asio;

constexpr std::size_t max_message_size = 16 * 1024 * 1024;  // as the echo app's
constexpr std::size_t max_fragments = 131'072;

struct job {
    std::string url;
    websock::client_options options;
};

job read_job(const std::string& line, const websock::tls_trust& trust) {
    job read;
    read.options.trust = trust;
    read.options.connection.max_message_size = max_message_size;
    read.options.connection.max_fragments = max_fragments;
    std::istringstream words(line);
    words >> read.url;
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (name == "subprotocol") {
            read.options.subprotocols.push_back(value);
        } else if (name == "deflate" && value != "off") {
            read.options.connection.deflate.enabled = true;
            read.options.connection.deflate.level = std::stoi(value);
        }
    }
    return read;
}

std::string describe(const websock::close_info& end) {
    std::ostringstream out;
    out << "ended " << static_cast<unsigned>(end.code) << (end.clean ? " clean" : " unclean")
        << (end.initiator == websock::initiator::local ? " local" : " peer");
    return out.str();
}

websock::awaitable<std::string> run(job todo) {
    try {
        websock::connection peer = co_await websock::connect(todo.url, std::move(todo.options));
        while (auto message = co_await peer.receive()) {
            try {
                co_await peer.send(std::move(*message));
            } catch (const boost::system::system_error& e) {
                if (e.code() != websock::error::closed) {
                    throw;
                }
            }
        }
        co_return describe(peer.close_info());
    } catch (const websock::connect_error& e) {
        co_return "refused " + std::to_string(e.response().status());
    } catch (const std::exception& e) {
        co_return std::string("failed ") + e.what();
    }
}

void print(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

websock::awaitable<void> read_jobs(websock::tls_trust trust) {
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor input(executor, ::dup(STDIN_FILENO));
    std::string waiting;
    for (;;) {
        boost::system::error_code ended;
        const std::size_t size =
            co_await asio::async_read_until(input, asio::dynamic_buffer(waiting), '\n',
                                            asio::redirect_error(asio::use_awaitable, ended));
        if (ended) {
            co_return;
        }
        job todo = read_job(waiting.substr(0, size - 1), trust);
        waiting.erase(0, size);
        asio::co_spawn(executor, run(std::move(todo)),
                       [](const std::exception_ptr&, const std::string& line) { print(line); });
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: echo_client FILE-OF-TRUSTED-CERTIFICATES\n", stderr);
        return 2;
    }
    try {
        asio::io_context context(1);
        asio::co_spawn(context, read_jobs(websock::tls_trust::ca_file(argv[1])),
                       [](const std::exception_ptr& problem) {
                           if (problem) {
                               std::rethrow_exception(problem);
                           }
                       });
        context.run();
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "echo_client: %s\n", e.what());
        return 1;
    }
}
