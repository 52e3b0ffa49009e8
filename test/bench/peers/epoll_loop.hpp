// What the two raw echoes share: a level-triggered epoll loop over connections. A connection reads
// into the one buffer of the loop; what the kernel does not take at once is kept, and nothing is
// read until it has left.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "peer.hpp"

namespace bench {

[[noreturn]] inline void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A connected socket with the bytes that are still to be sent.
class transport {
public:
    transport(int epoll, int fd) : epoll_(epoll), fd_(fd) {}
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    ~transport() { close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }

    /// Returns the bytes read; 0 at the end or after an error; -1 if there are none.
    std::ptrdiff_t receive(std::span<char> into) const {
        const auto count = recv(fd_, into.data(), into.size(), 0);
        return count < 0 && errno != EAGAIN ? 0 : count;
    }

    /// Sends, or keeps what does not go. False: the connection is gone.
    bool send(void* tag, std::span<const char> bytes) {
        if (bytes.empty()) {
            return true;
        }
        const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN) {
            return false;
        }
        const std::size_t done = count < 0 ? 0 : static_cast<std::size_t>(count);
        if (done < bytes.size()) {
            const auto rest = bytes.subspan(done);
            pending_.assign(rest.begin(), rest.end());
            wait_for(tag, EPOLLOUT);
        }
        return true;
    }

    /// Called when the socket takes bytes again. False: the connection is gone.
    bool flush(void* tag) {
        const auto count =
            ::send(fd_, pending_.data() + sent_, pending_.size() - sent_, MSG_NOSIGNAL);
        if (count < 0) {
            return errno == EAGAIN;
        }
        sent_ += static_cast<std::size_t>(count);
        if (sent_ == pending_.size()) {
            pending_ = {};
            sent_ = 0;
            wait_for(tag, EPOLLIN);
        }
        return true;
    }

    void wait_for(void* tag, std::uint32_t what, int operation = EPOLL_CTL_MOD) const {
        epoll_event event{};
        event.events = what;
        event.data.ptr = tag;
        if (epoll_ctl(epoll_, operation, fd_, &event) != 0) {
            fail("epoll_ctl");
        }
    }

private:
    int epoll_;
    int fd_;
    std::vector<char> pending_;
    std::size_t sent_ = 0;
};

inline int listen_on(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd, 4096) != 0) {
        fail("cannot listen");
    }
    return fd;
}

/// Serves for ever. `Connection` is made of (transport&, context) and has
/// `bool readable(void* tag)`, which is false when the connection is to be closed.
template <typename Connection, typename Context>
void serve(std::uint16_t port, Context& context) {
    struct client {
        client(int epoll, int fd, Context& with) : socket(epoll, fd), connection(socket, with) {}
        transport socket;
        Connection connection;
    };
    const int epoll = epoll_create1(0);
    const int listener = listen_on(port);
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) {
        fail("epoll_ctl");
    }
    announce();
    std::array<epoll_event, 1024> events;
    for (;;) {
        const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const epoll_event& now = events[static_cast<std::size_t>(i)];
            if (now.data.ptr == nullptr) {
                const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                if (fd >= 0) {
                    const int on = 1;
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    auto made = std::make_unique<client>(epoll, fd, context);
                    made->socket.wait_for(made.get(), EPOLLIN, EPOLL_CTL_ADD);
                    static_cast<void>(made.release());  // deleted below
                }
                continue;
            }
            auto* const which = static_cast<client*>(now.data.ptr);
            const bool alive = (now.events & EPOLLOUT) != 0 ? which->socket.flush(which)
                                                            : which->connection.readable(which);
            if (!alive) {
                delete which;
            }
        }
    }
}

}  // namespace bench
