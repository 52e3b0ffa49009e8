// TLS over TCP as a byte_stream, on OpenSSL. What one recv() brings is decrypted at once; what is
// written at once is encrypted, and leaves in one send(). Both happen in buffers that the thread's
// connections share: a connection keeps ciphertext only where the caller's room was full, or where
// the socket refuses to take more.
#pragma once

#include <algorithm>
#include <boost/asio/ssl/error.hpp>
#include <string>

#include "../protocol/byte_buffer.hpp"
#include "tcp_stream.hpp"
#include "tls_config.hpp"
#include "tls_engine.hpp"

namespace websock::net {

template <class Executor>
class tls_stream {
public:
    using executor_type = Executor;
    using socket_type = typename tcp_stream<Executor>::socket_type;
    using endpoint_type = boost::asio::ip::tcp::endpoint;
    static constexpr bool is_secure = true;

    /// The server's side.
    tls_stream(socket_type socket, boost::asio::ssl::context& context)
        : tcp_(std::move(socket)), engine_(context, boost::asio::ssl::stream_base::server) {}

    /// The client's side of a connection to `host`, which must prove that it is that.
    tls_stream(socket_type socket, boost::asio::ssl::context& context, const std::string& host)
        : tcp_(std::move(socket)),
          engine_(context, boost::asio::ssl::stream_base::client),
          not_prepared_(prepare_client(engine_.native_handle(), host)) {}

    executor_type get_executor() noexcept { return tcp_.get_executor(); }
    endpoint_type local_endpoint(error_code& ec) const { return tcp_.local_endpoint(ec); }
    endpoint_type remote_endpoint(error_code& ec) const { return tcp_.remote_endpoint(ec); }

    /// A failure's alert has been sent, as far as the socket took it.
    task<error_code> handshake() {
        if (not_prepared_) {
            co_return not_prepared_;
        }
        for (;;) {
            error_code sent;
            const error_code ec = go_on_with_handshake(sent);
            while (would_block(sent)) {
                sent = co_await wait_writable();
                if (!sent) {
                    flush(sent);
                }
            }
            if (!would_block(ec)) {
                co_return ec ? why_not_verified(engine_.native_handle(), ec) : sent;
            }
            if (sent) {
                co_return sent;
            }
            if (const error_code waited = co_await wait_readable(); waited) {
                co_return waited;
            }
        }
    }

    std::size_t read_some(std::span<std::byte> room, error_code& ec) {
        if (end_) {
            ec = end_;
            return 0;
        }
        ec = {};
        tls_buffers& buffers = thread_tls_buffers();
        const bool socket_has_more = take_in(buffers, room.size(), ec);
        if (ec) {
            more_ = false;
            return 0;
        }
        std::size_t n = engine_.read(buffers, room, ec);
        if (!buffers.output.empty()) {  // answers to key updates, an alert
            error_code ignored;         // the session's next flush() meets the same
            send(buffers, ignored);
            if (unsent() > max_pending_answers && !ec) {
                ec = boost::asio::error::no_buffer_space;
            }
        }
        keep_input(buffers);
        if (ec && !would_block(ec)) {
            end_ = ec;
            ec = n > 0 ? error_code() : ec;
        }
        undelivered_ = n == room.size() && engine_.has_pending();
        more_ = socket_has_more || undelivered_ || !input_.empty() || end_;
        return n;
    }

    bool has_buffered_input() const noexcept { return more_; }

    std::size_t write_some(byte_views views, error_code& ec) {
        flush(ec);
        if (ec) {
            return 0;
        }
        tls_buffers& buffers = thread_tls_buffers();
        const std::size_t taken = engine_.write(buffers, views, batch_size, ec);
        error_code sent;
        send(buffers, sent);
        if (taken > 0) {
            ec = would_block(sent) ? error_code() : sent;
        }
        return taken;
    }

    void flush(error_code& ec) {
        ec = {};
        while (unsent() > 0) {
            const std::span<const std::byte> rest = output().subspan(sent_);
            const std::size_t n = tcp_.write_some({&rest, 1}, ec);
            if (ec) {
                return;
            }
            sent_ += n;
        }
        sent_ = 0;
        output_.release();
    }

    shutdown_progress shutdown_send(error_code& ec) {
        if (!notified_) {
            notified_ = true;
            tls_buffers& buffers = thread_tls_buffers();
            engine_.shut_down(buffers);
            error_code ignored;  // flush() meets the same
            send(buffers, ignored);
        }
        flush(ec);
        if (would_block(ec)) {
            return shutdown_progress::blocked;
        }
        return tcp_.shutdown_send(ec);
    }

    void discard_some(std::span<std::byte> room, error_code& ec) { tcp_.discard_some(room, ec); }
    void close() noexcept { tcp_.close(); }

    auto wait_readable() noexcept { return tcp_.wait_readable(); }
    auto wait_writable() noexcept { return tcp_.wait_writable(); }

private:
    // What the peer may make us owe it without reading, on top of our own output.
    static constexpr std::size_t max_pending_answers = 512 * 1024;
    // Plain bytes encrypted for one send.
    static constexpr std::size_t batch_size = 64 * 1024;
    // Ciphertext read at once at least, however small the caller's room.
    static constexpr std::size_t least_read = 4 * 1024;

    error_code go_on_with_handshake(error_code& sent) {
        tls_buffers& buffers = thread_tls_buffers();
        error_code ec;
        // A client begins; nothing is to be had before that.
        const bool begun = SSL_in_before(engine_.native_handle()) == 0;
        if (begun || !is_client()) {
            take_in(buffers, tls_buffers::input_size, ec);
        }
        if (ec) {
            // RFC 8446 §6.1: the peer may not end its direction without a close_notify.
            return ec == boost::asio::error::eof
                       ? error_code(boost::asio::ssl::error::stream_truncated)
                       : ec;
        }
        ec = engine_.handshake(buffers);
        send(buffers, sent);
        keep_input(buffers);
        undelivered_ = !ec && engine_.has_pending();
        more_ = undelivered_ || !input_.empty();
        return ec;
    }

    [[nodiscard]] bool is_client() const noexcept {
        return SSL_is_server(engine_.native_handle()) == 0;
    }

    // Lets the engine read what has been kept, or else what the socket has: no more than fits into
    // `room` if possible, as the rest would have to be kept. True if the socket may have more.
    bool take_in(tls_buffers& buffers, std::size_t room, error_code& ec) {
        if (!input_.empty() || undelivered_) {
            buffers.input = input();
            return false;
        }
        const std::span<std::byte> space =
            buffers.room.first(std::clamp(room, least_read, buffers.room.size()));
        const std::size_t n = tcp_.read_some(space, ec);
        buffers.input = space.first(n);
        return n == space.size();
    }

    void keep_input(tls_buffers& buffers) {
        if (buffers.input.empty()) {
            input_.release();
        } else {
            protocol::byte_buffer rest;
            rest.append(buffers.input);
            input_ = std::move(rest);
        }
    }

    // Sends what the engine has made, behind what is still unsent; keeps what the socket refuses,
    // and says would_block then.
    void send(tls_buffers& buffers, error_code& ec) {
        std::span<const std::byte> rest = std::as_const(buffers.output).bytes();
        if (rest.empty()) {
            return;
        }
        if (unsent() == 0) {
            rest = rest.subspan(tcp_.write_some({&rest, 1}, ec));
        }
        if (!rest.empty() && (!ec || would_block(ec))) {
            keep_output(rest);
            ec = boost::asio::error::would_block;
        }
        buffers.output.clear();
    }

    void keep_output(std::span<const std::byte> rest) {
        if (sent_ > unsent()) {  // the memory shall not grow with what has been sent
            protocol::byte_buffer compact;
            compact.append(output().subspan(sent_));
            output_ = std::move(compact);
            sent_ = 0;
        }
        output_.append(rest);
    }

    [[nodiscard]] std::size_t unsent() const noexcept { return output_.size() - sent_; }
    [[nodiscard]] std::span<const std::byte> output() const noexcept { return output_.bytes(); }
    [[nodiscard]] std::span<const std::byte> input() const noexcept { return input_.bytes(); }

    tcp_stream<Executor> tcp_;
    tls_engine engine_;
    protocol::byte_buffer input_;   // ciphertext that the engine has not taken yet
    protocol::byte_buffer output_;  // ciphertext that the socket has not taken yet:
    std::size_t sent_ = 0;          // this much of it, it has
    error_code not_prepared_;
    error_code end_;            // of the input, once it has been met
    bool undelivered_ = false;  // the engine holds decrypted bytes
    bool more_ = false;
    bool notified_ = false;
};

}  // namespace websock::net
