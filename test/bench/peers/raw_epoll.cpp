// The limit of what any server can do over TCP: bytes come back as they are, without a protocol.
// What is read at once (up to 64 KiB) is sent at once.
#include "epoll_loop.hpp"

namespace {

using buffer = std::array<char, 64 * 1024>;

class connection {
public:
    connection(bench::transport& socket, buffer& shared) : socket_(socket), shared_(shared) {}

    bool readable(void* tag) {
        const auto count = socket_.receive(shared_);
        if (count <= 0) {
            return count < 0;
        }
        return socket_.send(tag, std::span(shared_).first(static_cast<std::size_t>(count)));
    }

private:
    bench::transport& socket_;
    buffer& shared_;
};

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, [](const bench::settings& chosen) {
        if (chosen.tls) {
            throw std::runtime_error("raw_tls is the one with TLS");
        }
        static buffer shared;
        bench::serve<connection>(chosen.port, shared);
    });
}
