// Plain TCP as a byte_stream: straight, non-blocking calls.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "byte_stream.hpp"

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

    std::size_t read_some(std::span<std::byte> room, error_code& ec) {
        return socket_.read_some(boost::asio::buffer(room.data(), room.size()), ec);
    }

    bool has_buffered_input() const noexcept { return false; }

    std::size_t write_some(byte_views views, error_code& ec) {
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

    wait_operation<socket_type> wait_readable() noexcept {
        return {socket_, socket_type::wait_read};
    }
    wait_operation<socket_type> wait_writable() noexcept {
        return {socket_, socket_type::wait_write};
    }

private:
    socket_type socket_;
};

}  // namespace websock::net
