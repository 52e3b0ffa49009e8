// A byte_stream in memory that follows a script: input in given portions, then the end of input or
// silence; and at one chosen step an error, or a spurious would_block.
#pragma once

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>

#include "bytes.hpp"
#include "net/byte_stream.hpp"
#include "net/executors.hpp"

namespace websock::test {

/// How portions of input arrive.
enum class arrival {
    by_readiness,  ///< each makes the stream readable, as over TCP
    buffered,      ///< the first read takes them all in, as over TLS; then readiness says nothing
    buffered_with_end,  ///< and the end of input with them, as a close_notify does
};

/// What a memory_stream will do and has done; outlives the session that owns the stream.
struct stream_script {
    std::deque<byte_vector> input;  ///< one portion a read
    /// Set: the last portion, and the end of input, come only once it says so.
    std::function<bool()> last_may_come;
    arrival how = arrival::by_readiness;
    bool ends = true;                                       ///< input ends behind the last portion
    std::size_t write_size = static_cast<std::size_t>(-1);  ///< most bytes that a write takes
    int fault_at = -1;      ///< the step that goes wrong, counted from 0
    net::error_code fault;  ///< and how

    int steps = 0;
    byte_vector output;
    bool input_ended = false;             ///< the end of input, or its failure, has been told
    bool shut_down = false;               ///< our direction has been ended
    bool shut_down_before_input = false;  ///< and the input had not
    bool closed = false;
};

class memory_stream {
public:
    using executor_type = net::thread_executor;
    using endpoint_type = boost::asio::ip::tcp::endpoint;
    static constexpr bool is_secure = false;

    memory_stream(boost::asio::io_context& context, stream_script& script)
        : executor_(context.get_executor()),
          silence_(executor_, std::chrono::steady_clock::time_point::max()),
          script_(&script) {}

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
            note_input_failed(ec);
            return 0;
        }
        if (!anything_comes()) {
            taken_in_ = false;
            ec = boost::asio::error::would_block;
            return 0;
        }
        if (script_->input.empty()) {
            script_->input_ended = true;
            taken_in_ = false;
            ec = boost::asio::error::eof;
            return 0;
        }
        taken_in_ = true;
        byte_vector& portion = script_->input.front();
        const std::size_t n = std::min(room.size(), portion.size());
        std::copy_n(portion.begin(), n, room.begin());
        portion.erase(portion.begin(), portion.begin() + static_cast<std::ptrdiff_t>(n));
        if (portion.empty()) {
            script_->input.pop_front();
        }
        return n;
    }

    bool has_buffered_input() const {
        if (script_->how == arrival::by_readiness || !taken_in_) {
            return false;
        }
        return anything_comes() &&
               (!script_->input.empty() || script_->how == arrival::buffered_with_end);
    }

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
        if (anything_comes()) {
            silence_.cancel();
        }
        return taken;
    }

    void flush(net::error_code& ec) { step(ec); }

    net::shutdown_progress shutdown_send(net::error_code& ec) {
        if (!step(ec) && net::would_block(ec)) {
            return net::shutdown_progress::blocked;
        }
        if (!script_->closed) {
            script_->shut_down = true;
            script_->shut_down_before_input = !script_->input_ended;
        }
        return net::shutdown_progress::done;
    }

    void discard_some(std::span<std::byte> room, net::error_code& ec) { read_some(room, ec); }

    void close() noexcept {
        script_->closed = true;
        silence_.cancel();
    }

    /// Completes through the executor, as a socket's would.
    class wait : public net::operation<wait> {
    public:
        enum class direction { in, out };

        wait(memory_stream& stream, direction which) noexcept : stream_(stream), which_(which) {}
        void start(net::resume_handler handler) {
            net::error_code ec;
            const bool right = stream_.step(ec);
            if (!right && net::would_block(ec)) {
                ec = {};  // a spurious wake-up
            } else if (which_ == direction::in && !right) {
                stream_.note_input_failed(ec);
            } else if (which_ == direction::in && stream_.nothing_arrives()) {
                stream_.silence_.async_wait(
                    [handler = std::move(handler),
                     script = stream_.script_](const net::error_code& over) mutable {
                        handler(script->closed ? over : net::error_code());
                    });
                return;
            }
            boost::asio::post(stream_.executor_,
                              [handler = std::move(handler), ec]() mutable { handler(ec); });
        }

    private:
        memory_stream& stream_;
        direction which_;
    };
    wait wait_readable() noexcept { return {*this, wait::direction::in}; }
    wait wait_writable() noexcept { return {*this, wait::direction::out}; }

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

    bool anything_comes() const {
        if (script_->input.empty()) {
            return script_->ends;
        }
        return script_->input.size() > 1 || !script_->last_may_come || script_->last_may_come();
    }

    void note_input_failed(const net::error_code& ec) {
        taken_in_ = false;
        script_->input_ended = script_->input_ended || !net::would_block(ec);
    }

    // Whoever waits for input now waits until close().
    bool nothing_arrives() const { return has_buffered_input() || !anything_comes(); }

    static endpoint_type unknown(net::error_code& ec) {
        ec = boost::asio::error::not_connected;
        return {};
    }

    executor_type executor_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      executor_type>
        silence_;
    stream_script* script_;
    bool taken_in_ = false;  // the last read took something
};

static_assert(net::byte_stream<memory_stream>);

}  // namespace websock::test
