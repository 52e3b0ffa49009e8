// An echo over TCP or TLS without WebSocket, against a server that sends back every byte: what the
// same traffic costs without the protocol. A block has the size of a frame from a client.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>

#include "echo_connection.hpp"

namespace boost::asio::ssl {
class context;
}

namespace load_app {

class echo_part;

/// What a client's frame with a short message has before it: two bytes and the masking key.
inline constexpr std::size_t raw_overhead = 6;

/// Makes raw connections: what those of a part share.
class raw_dialer {
public:
    /// Looks the server's name up: waits for that.
    raw_dialer(boost::asio::io_context& context, const settings& chosen);
    ~raw_dialer();

    [[nodiscard]] std::unique_ptr<echo_connection> make_echo(echo_part& whole, std::size_t number);

    /// Where to connect; if there is nothing, problem() says why.
    [[nodiscard]] const boost::asio::ip::tcp::resolver::results_type& addresses() const noexcept {
        return addresses_;
    }
    [[nodiscard]] const boost::system::error_code& problem() const noexcept { return problem_; }

private:
    std::unique_ptr<boost::asio::ssl::context> tls_;  // for tls
    boost::asio::ip::tcp::resolver::results_type addresses_;
    boost::system::error_code problem_;
};

}  // namespace load_app
