// A byte_stream in memory that follows a script: input in given portions, then the end of input;
// and at one chosen step an error, or a spurious would_block.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>

#include "bytes.hpp"
#include "net/byte_stream.hpp"
#include "net/executors.hpp"

namespace websock::test {

/// What a memory_stream will do and has done; outlives the session that owns the stream.
struct stream_script {
    std::deque<byte_vector> input;                          ///< one portion a read
    std::size_t write_size = static_cast<std::size_t>(-1);  ///< most bytes that a write takes
    int fault_at = -1;      ///< the step that goes wrong, counted from 0
    net::error_code fault;  ///< and how

    int steps = 0;
    byte_vector output;
    bool shut_down = false;
    bool closed = false;
};

class memory_stream {
public:
    using executor_type = net::thread_executor;
    using endpoint_type = boost::asio::ip::tcp::endpoint;
    static constexpr bool is_secure = false;

    memory_stream(boost::asio::io_context& context, stream_script& script)
        : executor_(context.get_executor()), script_(&script) {}

    executor_type get_executor() noexcept { return executor_; }
    endpoint_type local_endpoint(net::error_code& ec) const { return unknown(ec); }
    endpoint_type remote_endpoint(net::error_code& ec) const { return unknown(ec); }

    net::task<net::error_code> handshake() {
        net::error_code ec;
        step(ec);
        co_return ec;
    }

    std::size_t read_some(std::span<std::byte> room, net::error_code& ec) {
        if (!step(ec)) {
            return 0;
        }
        if (script_->input.empty()) {
            ec = boost::asio::error::eof;
            return 0;
        }
        byte_vector& portion = script_->input.front();
        const std::size_t n = std::min(room.size(), portion.size());
        std::copy_n(portion.begin(), n, room.begin());
        portion.erase(portion.begin(), portion.begin() + static_cast<std::ptrdiff_t>(n));
        if (portion.empty()) {
            script_->input.pop_front();
        }
        return n;
    }

    bool has_buffered_input() const noexcept { return false; }

    std::size_t write_some(net::byte_views views, net::error_code& ec) {
        if (!step(ec)) {
            return 0;
        }
        std::size_t taken = 0;
        for (const auto view : views) {
            const std::size_t n = std::min(view.size(), script_->write_size - taken);
            append(script_->output, view.first(n));
            taken += n;
        }
        return taken;
    }

    void flush(net::error_code& ec) { step(ec); }

    net::shutdown_progress shutdown_send(net::error_code& ec) {
        if (!step(ec) && net::would_block(ec)) {
            return net::shutdown_progress::blocked;
        }
        script_->shut_down = true;
        return net::shutdown_progress::done;
    }

    void discard_some(std::span<std::byte> room, net::error_code& ec) { read_some(room, ec); }
    void close() noexcept { script_->closed = true; }

    /// Completes through the executor, as a socket's would.
    class wait : public net::operation<wait> {
    public:
        explicit wait(memory_stream& stream) noexcept : stream_(stream) {}
        void start(net::resume_handler handler) {
            net::error_code ec;
            if (!stream_.step(ec) && net::would_block(ec)) {
                ec = {};  // a spurious wake-up
            }
            boost::asio::post(stream_.executor_,
                              [handler = std::move(handler), ec]() mutable { handler(ec); });
        }

    private:
        memory_stream& stream_;
    };
    wait wait_readable() noexcept { return wait(*this); }
    wait wait_writable() noexcept { return wait(*this); }

private:
    // False, with `ec`, if this step goes wrong.
    bool step(net::error_code& ec) {
        ec = {};
        if (script_->closed) {
            ec = boost::asio::error::bad_descriptor;
        } else if (script_->steps++ == script_->fault_at) {
            ec = script_->fault;
        }
        return !ec;
    }

    static endpoint_type unknown(net::error_code& ec) {
        ec = boost::asio::error::not_connected;
        return {};
    }

    executor_type executor_;
    stream_script* script_;
};

static_assert(net::byte_stream<memory_stream>);

}  // namespace websock::test
