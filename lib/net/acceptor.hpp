// The accept loop of one listening socket. It survives every transient error: with descriptors or
// memory used up it backs off, says so once, and goes on when there are some again.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <websock/options.hpp>

#include "deadlines.hpp"
#include "executors.hpp"
#include "task.hpp"
#include "tcp_stream.hpp"

namespace websock::net {

class acceptor : public std::enable_shared_from_this<acceptor> {
public:
    using endpoint_type = boost::asio::ip::tcp::endpoint;
    using socket_type = tcp_stream<thread_executor>::socket_type;
    using accept_function = std::function<void(socket_type)>;

    /// Whether other sockets may listen on the same port (SO_REUSEPORT).
    enum class port_use : std::uint8_t { exclusive, shared };

    /// Binds and listens; throws boost::system::system_error. `log` may be empty.
    acceptor(const thread_executor& executor, const endpoint_type& where, port_use use, int backlog,
             log_sink log);

    [[nodiscard]] endpoint_type local_endpoint() const;

    /// Begins to accept, until close(). `on_accept` must not throw.
    void start(accept_function on_accept);
    void close() noexcept;

private:
    static detached accept_loop(std::shared_ptr<acceptor> self, accept_function on_accept);

    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, thread_executor> socket_;
    deadline_queue<thread_executor>::timer_type back_off_;
    log_sink log_;
};

}  // namespace websock::net
