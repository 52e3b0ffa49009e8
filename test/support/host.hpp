// Runs a handler in each of the arrangements that the library knows: a server with one thread or
// several, and serve() on executors of the user's that several threads run, or one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <websock/websock.hpp>

#include "close_text.hpp"
#include "waiting.hpp"

namespace websock::test {

enum class arrangement { server_1, server_4, serve_pool, serve_context, serve_serial };

inline std::ostream& operator<<(std::ostream& out, arrangement which) {
    constexpr std::array names{"server, 1 thread", "server, 4 threads", "serve on a thread_pool",
                               "serve on an io_context that 4 threads run",
                               "serve on an io_context that is said to be serial"};
    return out << names[static_cast<std::size_t>(which)];
}

inline constexpr std::array all_arrangements{arrangement::server_1, arrangement::server_4,
                                             arrangement::serve_pool, arrangement::serve_context,
                                             arrangement::serve_serial};

inline constexpr std::array server_arrangements{arrangement::server_1, arrangement::server_4};

using any_handler = std::variant<coroutine_handler, handlers>;

struct host_options {
    connection_options connection{};
    std::optional<tls_context> tls{};
};

/// One listening host; stopped by its destructor, which waits for its connections to end.
class host {
public:
    virtual ~host() = default;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// The first end of a connection; only for serve().
    [[nodiscard]] virtual close_info result() = 0;

protected:
    std::uint16_t port_ = 0;
};

/// Makes the host and starts it. In a server, the handler is at "/ws".
[[nodiscard]] std::unique_ptr<host> start_host(arrangement which, any_handler what,
                                               host_options options = {});

/// The handler that most tests need: sends back what it receives.
[[nodiscard]] awaitable<void> echo(connection peer);

}  // namespace websock::test
