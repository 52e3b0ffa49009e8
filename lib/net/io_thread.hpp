// One thread of a server: an io_context that only it runs, with the listening sockets, the live
// sessions and the deadlines that belong to it. A connection never changes its thread.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <vector>
#include <websock/options.hpp>

#include "acceptor.hpp"
#include "registry.hpp"
#include "tls_config.hpp"

namespace websock::net {

class io_thread {
public:
    io_thread(std::shared_ptr<const session_config> config, capacity& shared);

    /// Binds a listening socket; throws system_error. Without `tls` it is plain TCP.
    [[nodiscard]] acceptor::endpoint_type listen(const acceptor::endpoint_type& where,
                                                 acceptor::port_use use, int backlog,
                                                 std::shared_ptr<const tls_settings> tls);

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

    /// Accepts and serves until stop(); then until every session has ended, or until the deadline,
    /// at which what is left is cut.
    void run();
    /// From any thread.
    void stop(std::chrono::steady_clock::time_point deadline);
    /// Destroys whatever still waits here. For when no thread runs any more, and before any
    /// io_thread goes: what waits in one may hold on to another.
    void discard() noexcept { context_.discard(); }

private:
    struct context_type : boost::asio::io_context {
        using io_context::io_context;
        void discard() noexcept { shutdown(); }
    };
    struct listener {
        std::shared_ptr<acceptor> socket;
        std::shared_ptr<const tls_settings> tls;
    };

    [[nodiscard]] bool run_until(std::chrono::steady_clock::time_point when);
    void drain();
    void drain_own();
    void wait_for_others();
    void serve(acceptor::socket_type socket, const tls_settings* tls);
    void log(log_level level, std::string_view line) const;

    context_type context_;
    boost::asio::executor_work_guard<thread_executor> work_;
    std::shared_ptr<const session_config> config_;
    std::shared_ptr<deadline_queue<thread_executor>> deadlines_;
    capacity& capacity_;
    registry registry_;
    std::vector<listener> listeners_;
    std::chrono::steady_clock::time_point drain_until_ =
        std::chrono::steady_clock::time_point::max();
    bool stopping_ = false;
    bool interrupted_ = false;  // a run of the context, by stop()
};

}  // namespace websock::net
