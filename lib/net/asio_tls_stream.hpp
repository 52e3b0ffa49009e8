// TLS over TCP as a byte_stream, by way of asio::ssl::stream; tls_stream does the same at less
// cost. It sits on top of a layer that never blocks: reading, the layer hands on what the socket
// has, or would_block; writing, it collects, and flush() passes on to the socket, so that a batch
// of messages is one send.
#pragma once

#include <boost/asio/ssl/stream.hpp>
#include <string>

#include "../protocol/byte_buffer.hpp"
#include "tcp_stream.hpp"
#include "tls_config.hpp"

namespace websock::net {

/// The layer under asio::ssl::stream. Only its synchronous calls are used.
template <class Executor>
class asio_layer {
public:
    using executor_type = Executor;
    using lowest_layer_type = asio_layer;
    using socket_type = typename tcp_stream<Executor>::socket_type;

    explicit asio_layer(socket_type socket) noexcept : tcp_(std::move(socket)) {}

    executor_type get_executor() noexcept { return tcp_.get_executor(); }
    lowest_layer_type& lowest_layer() noexcept { return *this; }
    tcp_stream<Executor>& tcp() noexcept { return tcp_; }
    const tcp_stream<Executor>& tcp() const noexcept { return tcp_; }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, error_code& ec) {
        if (drained_ || budget_ == 0) {
            drained_ = false;
            ec = boost::asio::error::would_block;
            return 0;
        }
        const boost::asio::mutable_buffer room(*boost::asio::buffer_sequence_begin(buffers));
        const std::size_t n =
            tcp_.read_some({static_cast<std::byte*>(room.data()), room.size()}, ec);
        drained_ = !ec && n < room.size();
        budget_ -= std::min(budget_, n);
        return n;
    }

    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& ec) {
        const boost::asio::const_buffer bytes(*boost::asio::buffer_sequence_begin(buffers));
        output_.append({static_cast<const std::byte*>(bytes.data()), bytes.size()});
        ec = {};
        return bytes.size();
    }

    /// What one read may take from the socket: a peer that sends records without data, such as key
    /// updates, must not keep the thread to itself.
    void set_budget(std::size_t bytes) noexcept { budget_ = bytes; }
    [[nodiscard]] bool budget_spent() const noexcept { return budget_ == 0; }

    [[nodiscard]] std::size_t pending() const noexcept { return output_.size() - written_; }

    /// Sends what was collected; would_block while some of it is left.
    void flush(error_code& ec) {
        ec = {};
        while (pending() > 0) {
            const std::span<const std::byte> rest =
                std::as_const(output_).bytes().subspan(written_);
            const std::size_t n = tcp_.write_some({&rest, 1}, ec);
            if (ec) {
                return;
            }
            written_ += n;
        }
        written_ = 0;
        output_.release();
    }

private:
    tcp_stream<Executor> tcp_;
    protocol::byte_buffer output_;
    std::size_t written_ = 0;
    std::size_t budget_ = static_cast<std::size_t>(-1);
    bool drained_ = false;  // the last read took all that the socket had
};

template <class Executor>
class asio_tls_stream {
public:
    using executor_type = Executor;
    using layer_type = asio_layer<Executor>;
    using socket_type = typename layer_type::socket_type;
    using endpoint_type = boost::asio::ip::tcp::endpoint;
    static constexpr bool is_secure = true;

    /// The server's side.
    asio_tls_stream(socket_type socket, boost::asio::ssl::context& context)
        : ssl_(layer_type(std::move(socket)), context) {}

    /// The client's side of a connection to `host`, which must prove that it is that.
    asio_tls_stream(socket_type socket, boost::asio::ssl::context& context, const std::string& host)
        : ssl_(layer_type(std::move(socket)), context),
          side_(boost::asio::ssl::stream_base::client),
          not_prepared_(prepare_client(ssl_.native_handle(), host)) {}

    executor_type get_executor() noexcept { return layer().get_executor(); }
    endpoint_type local_endpoint(error_code& ec) const {
        return ssl_.next_layer().tcp().local_endpoint(ec);
    }
    endpoint_type remote_endpoint(error_code& ec) const {
        return ssl_.next_layer().tcp().remote_endpoint(ec);
    }

    /// A failure's alert has been sent, as far as the socket took it.
    task<error_code> handshake() {
        if (not_prepared_) {
            co_return not_prepared_;
        }
        for (;;) {
            error_code ec;
            layer().set_budget(read_budget);
            ssl_.handshake(side_, ec);
            const bool again = would_block(ec);
            error_code flushed;
            layer().flush(flushed);
            while (would_block(flushed)) {
                flushed = co_await wait_writable();
                if (!flushed) {
                    layer().flush(flushed);
                }
            }
            if (!again) {
                co_return ec ? why_not_verified(ssl_.native_handle(), ec) : flushed;
            }
            if (flushed) {
                co_return flushed;
            }
            const error_code waited = co_await wait_readable();
            if (waited) {
                co_return waited;
            }
        }
    }

    std::size_t read_some(std::span<std::byte> room, error_code& ec) {
        layer().set_budget(read_budget);
        const std::size_t n = ssl_.read_some(boost::asio::buffer(room.data(), room.size()), ec);
        more_ = n > 0 || (would_block(ec) && layer().budget_spent());
        if (layer().pending() > 0) {  // answers to key updates, an alert
            error_code flushed;       // the session's next flush() meets the same
            layer().flush(flushed);
            if (layer().pending() > max_pending_answers && !ec) {
                ec = boost::asio::error::no_buffer_space;
            }
        }
        // RFC 8446 §6.1: a truncated stream; the WebSocket close state tells whether that matters.
        if (ec == boost::asio::ssl::error::stream_truncated) {
            ec = boost::asio::error::eof;
        }
        return ec ? 0 : n;
    }

    bool has_buffered_input() const noexcept { return more_; }

    std::size_t write_some(byte_views views, error_code& ec) {
        layer().flush(ec);
        std::size_t taken = 0;
        for (const std::span<const std::byte> view : views) {
            std::size_t done = 0;
            while (!ec && done < view.size() && layer().pending() < batch_size) {
                done += ssl_.write_some(boost::asio::buffer(view.data() + done, view.size() - done),
                                        ec);
            }
            taken += done;
            if (ec || done < view.size()) {
                break;
            }
        }
        if (taken > 0) {
            ec = {};
            error_code flushed;
            layer().flush(flushed);
            if (flushed && !would_block(flushed)) {
                ec = flushed;
            }
        }
        return taken;
    }

    void flush(error_code& ec) { layer().flush(ec); }

    shutdown_progress shutdown_send(error_code& ec) {
        if (!notified_) {
            notified_ = true;
            error_code ignored;  // would_block: the peer's close_notify is not waited for
            ssl_.shutdown(ignored);
        }
        layer().flush(ec);
        if (would_block(ec)) {
            return shutdown_progress::blocked;
        }
        return layer().tcp().shutdown_send(ec);
    }

    void discard_some(std::span<std::byte> room, error_code& ec) {
        layer().tcp().discard_some(room, ec);
    }
    void close() noexcept { layer().tcp().close(); }

    auto wait_readable() noexcept { return layer().tcp().wait_readable(); }
    auto wait_writable() noexcept { return layer().tcp().wait_writable(); }

private:
    // Ciphertext taken from the socket by one read.
    static constexpr std::size_t read_budget = 64 * 1024;
    // What the peer may make us owe it without reading, on top of our own output.
    static constexpr std::size_t max_pending_answers = 512 * 1024;
    // Ciphertext collected for one send.
    static constexpr std::size_t batch_size = 64 * 1024;

    layer_type& layer() noexcept { return ssl_.next_layer(); }

    boost::asio::ssl::stream<layer_type> ssl_;
    boost::asio::ssl::stream_base::handshake_type side_ = boost::asio::ssl::stream_base::server;
    error_code not_prepared_;
    bool more_ = false;
    bool notified_ = false;
};

}  // namespace websock::net
