#include "io_thread.hpp"

#include <exception>
#include <string>
#include <utility>

#include "../protocol/handshake.hpp"
#include "http_upgrade.hpp"
#include "tcp_stream.hpp"
#include "thread_memory.hpp"
#include "tls_stream.hpp"

namespace websock::net {
namespace {

// Only the thread that runs the context touches its sockets; others only post to it.
#ifdef BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO
constexpr int concurrency_hint = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;
#else
constexpr int concurrency_hint = 1;
#endif

// Asio makes the ring, or the epoll descriptor, with the first timer.
#ifdef BOOST_ASIO_HAS_IO_URING_AS_DEFAULT
constexpr const char* no_event_loop =
    "cannot set up io_uring; see kernel.io_uring_disabled, the container's seccomp profile, "
    "RLIMIT_MEMLOCK";
#else
constexpr const char* no_event_loop = "cannot set up epoll";
#endif

// So many are being refused in proper form that this one gets what fits into a single attempt: what
// it has sent is read, since closing with unread input would send an RST, and 503.
void refuse_at_once(acceptor::socket_type& socket) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    const std::span<std::byte> scratch = this_thread().scratch;
    socket.read_some(boost::asio::buffer(scratch.data(), scratch.size()), ignored);
    const std::string text =
        protocol::refusal_response(error::over_capacity, {}, http_date(), false);
    socket.write_some(boost::asio::buffer(text), ignored);
    socket.shutdown(acceptor::socket_type::shutdown_send, ignored);
}

// What sessions that were cut, and handlers that were told so, may still take.
constexpr std::chrono::milliseconds grace_after_cut{500};

}  // namespace

io_thread::io_thread(std::shared_ptr<const session_config> config, capacity& shared) try
    : context_(concurrency_hint),
      work_(context_.get_executor()),
      config_(std::move(config)),
      deadlines_(std::make_shared<deadline_queue<thread_executor>>(context_.get_executor())),
      capacity_(shared),
      registry_(shared) {
} catch (const boost::system::system_error& e) {
    // Without the place in Asio's source that it was thrown at, which would be part of what().
    throw boost::system::system_error(error_code(e.code().value(), e.code().category()),
                                      no_event_loop);
}

acceptor::endpoint_type io_thread::listen(const acceptor::endpoint_type& where,
                                          acceptor::port_use use, int backlog,
                                          std::shared_ptr<const tls_settings> tls) {
    auto socket =
        std::make_shared<acceptor>(context_.get_executor(), where, use, backlog, config_->log);
    listeners_.push_back({std::move(socket), std::move(tls)});
    return listeners_.back().socket->local_endpoint();
}

void io_thread::run() {
    for (const listener& each : listeners_) {
        each.socket->start([this, tls = each.tls.get()](acceptor::socket_type socket) {
            serve(std::move(socket), tls);
        });
    }
    static_cast<void>(run_until(std::chrono::steady_clock::time_point::max()));  // until stop()
    drain();
}

// Runs until there is nothing left to do, or until `when`, or until stop() interrupts. True if
// nothing is left.
bool io_thread::run_until(std::chrono::steady_clock::time_point when) {
    for (;;) {
        try {
            context_.restart();
            if (when == std::chrono::steady_clock::time_point::max()) {
                context_.run();
            } else {
                context_.run_until(when);
            }
            return context_.stopped() && !std::exchange(interrupted_, false);
        } catch (...) {
            // A function that a user posted; that is no reason to stop serving the others.
            log(log_level::error,
                "exception from a posted function: " + what_of(std::current_exception()));
        }
    }
}

void io_thread::drain() {
    drain_own();
    capacity_.busy_threads.fetch_sub(1);
    wait_for_others();
}

// A handler of another thread may still wait for one of the connections here, though it has ended.
void io_thread::wait_for_others() {
    constexpr std::chrono::milliseconds look_again{2};
    const auto enough = drain_until_ + grace_after_cut;
    const boost::asio::executor_work_guard<thread_executor> stays(context_.get_executor());
    while (capacity_.busy_threads.load() > 0 && std::chrono::steady_clock::now() < enough) {
        static_cast<void>(run_until(std::chrono::steady_clock::now() + look_again));
    }
}

void io_thread::drain_own() {
    while (std::chrono::steady_clock::now() < drain_until_) {
        if (run_until(drain_until_)) {
            return;
        }
    }
    for (const auto& session : registry_.all()) {
        session->abort(error::shut_down);
    }
    if (!run_until(std::chrono::steady_clock::now() + grace_after_cut)) {
        log(log_level::warning, "a handler has not ended with its connection; it is given up");
    }
}

void io_thread::stop(std::chrono::steady_clock::time_point deadline) {
    boost::asio::post(context_, [this, deadline] {
        stopping_ = true;
        drain_until_ = std::min(drain_until_, deadline);
        for (const listener& each : listeners_) {
            each.socket->close();
        }
        const close_reason reason(close_code::going_away);
        for (const auto& session : registry_.all()) {
            session->request_drain(reason);
        }
        work_.reset();
        interrupted_ = true;
        context_.stop();  // run() goes on with drain(), and with the new deadline
    });
}

void io_thread::serve(acceptor::socket_type socket, const tls_settings* tls) {
    admission how = admission::welcome;
    if (stopping_) {
        return;  // and the socket closes
    }
    if (!capacity_.admit(how)) {
        if (tls == nullptr) {
            refuse_at_once(socket);
        }
        return;
    }
    try {
        const auto begin = [&]<class Stream>(Stream stream) {
            // The registry outlives its sessions: they hold it without owning it.
            const auto started = std::make_shared<session<Stream>>(
                std::move(stream), config_, deadlines_,
                std::shared_ptr<session_owner>(std::shared_ptr<void>(), &registry_), how);
            registry_.add(*started);
            try {
                started->start();
            } catch (const std::exception& e) {
                registry_.on_session_end(*started);
                log(log_level::error, std::string("connection given up: ") + e.what());
            }
        };
        if (tls != nullptr) {
            begin(tls_stream<thread_executor>(std::move(socket), *tls->context));
        } else {
            begin(tcp_stream<thread_executor>(std::move(socket)));
        }
    } catch (const std::exception& e) {
        capacity_.leave();
        log(log_level::error, std::string("connection refused: ") + e.what());
    }
}

void io_thread::log(log_level level, std::string_view line) const {
    if (config_->log) {
        config_->log(level, line);
    }
}

}  // namespace websock::net
