// Plain TCP as a byte_stream: straight, non-blocking calls.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "byte_stream.hpp"
#include "lingering_socket.hpp"

namespace websock::net {

template <class Executor>
class tcp_stream {
public:
    using executor_type = Executor;
    using socket_type = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
    using endpoint_type = boost::asio::ip::tcp::endpoint;
    static constexpr bool is_secure = false;

    /// Takes a connected socket; makes it non-blocking and switches Nagle's algorithm off.
    explicit tcp_stream(socket_type socket) noexcept : socket_(std::move(socket)) {
        error_code ignored;  // a peer that is gone already shows at the first read
        socket_.non_blocking(true, ignored);
        socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    }

    executor_type get_executor() noexcept { return socket_.get_executor(); }
    endpoint_type local_endpoint(error_code& ec) const { return socket_.local_endpoint(ec); }
    endpoint_type remote_endpoint(error_code& ec) const { return socket_.remote_endpoint(ec); }

    task<error_code> handshake() { co_return error_code(); }

    // What Asio's synchronous calls come to on a non-blocking socket; these two are called for each
    // message.
    [[gnu::always_inline]] std::size_t read_some(std::span<std::byte> room, error_code& ec) {
        const ssize_t n = ::recv(socket_.native_handle(), room.data(), room.size(), 0);
        if (n > 0) [[likely]] {
            return static_cast<std::size_t>(n);
        }
        note_failure(n, ec);
        return 0;
    }

    bool has_buffered_input() const noexcept { return false; }

    [[gnu::always_inline]] std::size_t write_some(byte_views views, error_code& ec) {
        if (views.size() == 1) {
            return send_some(views[0], ec);
        }
        return gather_some(views, ec);
    }

    std::size_t gather_some(byte_views views, error_code& ec) {
        std::array<boost::asio::const_buffer, max_gather> buffers;
        const std::size_t count = std::min(views.size(), buffers.size());
        for (std::size_t i = 0; i < count; ++i) {
            buffers[i] = boost::asio::const_buffer(views[i].data(), views[i].size());
        }
        return socket_.write_some(std::span(buffers).first(count), ec);
    }

    void flush(error_code& ec) noexcept { ec = {}; }

    shutdown_progress shutdown_send(error_code& ec) {
        socket_.shutdown(socket_type::shutdown_send, ec);
        return shutdown_progress::done;
    }

    void discard_some(std::span<std::byte> room, error_code& ec) { read_some(room, ec); }

    void close() noexcept {
        error_code ignored;
        socket_.close(ignored);
    }

    auto wait_readable() noexcept { return wait_for(socket_, socket_type::wait_read); }
    auto wait_writable() noexcept { return wait_for(socket_, socket_type::wait_write); }

private:
    [[gnu::always_inline]] std::size_t send_some(std::span<const std::byte> bytes, error_code& ec) {
        const ssize_t n = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n >= 0) [[likely]] {
            return static_cast<std::size_t>(n);
        }
        note_failure(n, ec);
        return 0;
    }

    // What the last system call has failed with, or the end of input.
    static void note_failure(ssize_t result, error_code& ec) noexcept {
        if (result == 0) {
            ec = boost::asio::error::eof;
        } else if (errno == EINTR) {
            ec = boost::asio::error::would_block;  // the caller waits, and finds it ready at once
        } else {
            ec = error_code(errno, boost::system::system_category());
        }
    }

    lingering_socket<socket_type> socket_;
};

}  // namespace websock::net
