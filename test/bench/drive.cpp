// A peer that keeps a server busy in a way that is the same every time: in each round every
// connection sends `depth` messages at once, then all answers are awaited. What a server does per
// message can so be counted. No library of ours: plain sockets, blocking, and OpenSSL.
//   bench_drive PORT PATH TLS CONNECTIONS SIZE DEPTH ROUNDS
// It opens and warms up the connections and says "ready"; does ROUNDS rounds for each line that it
// reads, and says "done"; closes when its input ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct plan {
    std::uint16_t port;
    std::string path;
    bool tls;
    std::size_t connections;
    std::size_t size;
    std::size_t depth;
    std::size_t rounds;
};

constexpr char masking_key[4] = {'\x12', '\x34', '\x56', '\x78'};
constexpr std::size_t warm_up_rounds = 20;

std::string header(char first, std::size_t size, bool masked) {
    std::string head(1, first);
    const auto bit = static_cast<char>(masked ? 0x80 : 0);
    if (size < 126) {
        head += static_cast<char>(bit | static_cast<char>(size));
    } else {
        const bool is_long = size > 0xFFFF;
        head += static_cast<char>(bit | (is_long ? 127 : 126));
        for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) {
            head += static_cast<char>(size >> shift);
        }
    }
    return head;
}

std::string masked_frame(char first, const std::string& payload) {
    std::string frame = header(first, payload.size(), true);
    frame.append(masking_key, sizeof masking_key);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(payload[i] ^ masking_key[i % sizeof masking_key]);
    }
    return frame;
}

class peer {
public:
    peer(const plan& what, SSL_CTX* tls) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(what.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            throw std::runtime_error("cannot connect");
        }
        if (tls != nullptr) {
            ssl_.reset(SSL_new(tls));
            SSL_set_fd(ssl_.get(), fd_);
            if (SSL_connect(ssl_.get()) != 1) {
                throw std::runtime_error("TLS handshake failed");
            }
        }
        write("GET " + what.path +
              " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        std::string response;
        while (response.find("\r\n\r\n") == std::string::npos) {
            response += read(1);
        }
        if (response.compare(0, 12, "HTTP/1.1 101") != 0) {
            throw std::runtime_error("upgrade refused");
        }
    }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer() { ::close(fd_); }

    void write(const std::string& bytes) {
        for (std::size_t done = 0; done < bytes.size();) {
            const auto n = ssl_ ? SSL_write(ssl_.get(), bytes.data() + done,
                                            static_cast<int>(bytes.size() - done))
                                : send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
            if (n <= 0) {
                throw std::runtime_error("cannot write");
            }
            done += static_cast<std::size_t>(n);
        }
    }

    std::string read(std::size_t size) {
        std::string bytes(size, '\0');
        for (std::size_t done = 0; done < size;) {
            const auto n =
                ssl_ ? SSL_read(ssl_.get(), bytes.data() + done, static_cast<int>(size - done))
                     : recv(fd_, bytes.data() + done, size - done, 0);
            if (n <= 0) {
                throw std::runtime_error("the server has ended the connection");
            }
            done += static_cast<std::size_t>(n);
        }
        return bytes;
    }

private:
    struct free_ssl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    int fd_;
    std::unique_ptr<SSL, free_ssl> ssl_;
};

void run(const plan& what) {
    SSL_CTX* const tls = what.tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
    std::vector<std::unique_ptr<peer>> peers;
    while (peers.size() < what.connections) {
        peers.push_back(std::make_unique<peer>(what, tls));
    }
    const std::string payload(what.size, 'a');
    std::string sent;
    std::string expected;
    for (std::size_t i = 0; i < what.depth; ++i) {
        sent += masked_frame('\x81', payload);
        expected += header('\x81', payload.size(), false) + payload;
    }
    const auto rounds = [&](std::size_t count) {
        for (; count > 0; --count) {
            for (const auto& each : peers) {
                each->write(sent);
            }
            for (const auto& each : peers) {
                if (each->read(expected.size()) != expected) {
                    throw std::runtime_error("wrong echo");
                }
            }
        }
    };
    rounds(warm_up_rounds);
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        rounds(what.rounds);
        std::cout << "done" << std::endl;
    }
    for (const auto& each : peers) {
        each->write(masked_frame('\x88', std::string("\x03\xe8", 2)));
        static_cast<void>(each->read(4));
    }
    SSL_CTX_free(tls);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8) {
        std::cerr << "bench_drive PORT PATH TLS CONNECTIONS SIZE DEPTH ROUNDS\n";
        return 2;
    }
    try {
        run({.port = static_cast<std::uint16_t>(std::stoul(argv[1])),
             .path = argv[2],
             .tls = std::stoul(argv[3]) != 0,
             .connections = std::stoul(argv[4]),
             .size = std::stoul(argv[5]),
             .depth = std::stoul(argv[6]),
             .rounds = std::stoul(argv[7])});
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "bench_drive: " << e.what() << "\n";
        return 1;
    }
}
