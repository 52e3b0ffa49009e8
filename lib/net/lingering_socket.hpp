// A stream's socket and its waits. On epoll: what Asio has. On io_uring a socket that is closed
// while something waits for it is cancelled, and closes when the waits have ended: Asio of
// Boost 1.81 gives the state of a closed socket to the next one at once, while the kernel still
// owes it a completion. Such a wait would go on, on the descriptor of the other.
#pragma once

#include <boost/asio/detail/config.hpp>
#include <memory>
#include <new>
#include <utility>

#include "task.hpp"

namespace websock::net {

#ifndef BOOST_ASIO_HAS_IO_URING_AS_DEFAULT

template <class Socket>
using lingering_socket = Socket;

template <class Socket>
[[nodiscard]] wait_operation<Socket> wait_for(Socket& socket,
                                              typename Socket::wait_type kind) noexcept {
    return {socket, kind};
}

#else

template <class Socket>
class lingering_socket : public Socket {
public:
    /// Lies in the frame of the coroutine that waits; one of a kind at a time.
    class wait : public wait_operation<Socket> {
    public:
        wait(lingering_socket& whose, typename Socket::wait_type kind) noexcept
            : wait_operation<Socket>(whose, kind),
              note_(kind == Socket::wait_read ? &whose.reading_ : &whose.writing_) {}
        wait(wait&&) = delete;
        ~wait() { forget(); }

        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> awaiting) {
            *note_ = this;
            wait_operation<Socket>::await_suspend(awaiting);
        }
        error_code await_resume() noexcept {
            forget();
            return wait_operation<Socket>::await_resume();
        }
        /// Waits once more.
        void start(resume_handler handler) {
            if (note_ != nullptr) {
                *note_ = this;
            }
            wait_operation<Socket>::start(std::move(handler));
        }

    private:
        friend lingering_socket;

        void forget() noexcept {
            if (note_ != nullptr && *note_ == this) {
                *note_ = nullptr;
            }
            closing_.reset();  // the last one closes it
        }

        wait** note_;  // the socket's, of what waits for it; null once it is to close
        std::shared_ptr<Socket> closing_;
    };

    explicit lingering_socket(Socket socket) noexcept : Socket(std::move(socket)) {}
    /// Move them only while nothing waits.
    lingering_socket(lingering_socket&& other) noexcept : Socket(std::move(other)) {}
    lingering_socket& operator=(lingering_socket&& other) noexcept {
        Socket::operator=(std::move(other));
        return *this;
    }
    ~lingering_socket() {
        error_code ignored;
        close(ignored);
    }

    void close(error_code& ec) noexcept {
        if (reading_ != nullptr || writing_ != nullptr) {
            try {
                close_after_waits(ec);
                return;
            } catch (const std::bad_alloc&) {  // then as Asio does it
            }
        }
        Socket::close(ec);
    }

private:
    void close_after_waits(error_code& ec) {
        const auto closing = std::make_shared<Socket>(std::move(static_cast<Socket&>(*this)));
        for (wait** const note : {&reading_, &writing_}) {
            if (wait* const pending = std::exchange(*note, nullptr)) {
                pending->note_ = nullptr;
                pending->closing_ = closing;
            }
        }
        closing->cancel(ec);
    }

    wait* reading_ = nullptr;
    wait* writing_ = nullptr;
};

template <class Socket>
[[nodiscard]] typename lingering_socket<Socket>::wait wait_for(
    lingering_socket<Socket>& socket, typename Socket::wait_type kind) noexcept {
    return {socket, kind};
}

#endif

}  // namespace websock::net
