// A WebSocket server for tests, independent of the library: on a thread of its own it runs a script
// for each connection, one after the other. The script does what it likes, right or wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "net/tls_config.hpp"
#include "raw_client.hpp"

namespace websock::test {

/// A server's frame, unmasked.
[[nodiscard]] std::string server_frame(unsigned opcode, std::string_view payload, bool fin = true);
[[nodiscard]] std::string server_close(unsigned code, std::string_view reason = {});

/// A field's value in a head, as sent; empty if it isn't there.
[[nodiscard]] std::string field_of(const std::string& head, std::string_view name);

/// The 101 that answers a request; `extra` holds whole header lines.
[[nodiscard]] std::string upgrade_answer(const std::string& request, std::string_view extra = {});

/// The server's end of one connection.
class raw_server_peer : public raw_peer {
public:
    raw_server_peer(boost::asio::ip::tcp::socket accepted, const net::pem_pair* identity);

    /// The server's end of the TLS handshake.
    void accept_tls() { shake_hands(boost::asio::ssl::stream_base::server); }
    /// The name that the client asked for in it (SNI); empty if none.
    [[nodiscard]] std::string server_name();

    /// Reads the request, answers with a 101, returns the request.
    std::string upgrade(std::string_view extra = {});
    /// Nothing comes for a while: neither a byte nor the end of TCP. (It can miss what is late, but
    /// never reports what is not there.)
    [[nodiscard]] bool is_silent();
    /// Orderly end: Close frames have gone both ways, now TCP. "end" if the client ends it too.
    [[nodiscard]] std::string finish();
};

class raw_server {
public:
    using script = std::function<void(raw_server_peer&)>;

    /// Listens on a port of its own. With an identity each script still begins before the TLS
    /// handshake. An exception that leaves the script is put down in log().
    explicit raw_server(script each, std::optional<net::pem_pair> identity = std::nullopt,
                        const char* host = "127.0.0.1");
    raw_server(const raw_server&) = delete;
    raw_server& operator=(const raw_server&) = delete;
    /// Waits for the script that is under way.
    ~raw_server();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// "ws://127.0.0.1:port" or "wss://localhost:port", and the target.
    [[nodiscard]] std::string url(std::string_view target = "/ws") const;
    /// For the scripts, and what is wrong with them.
    [[nodiscard]] journal& log() noexcept { return log_; }

private:
    void run();

    script each_;
    std::optional<net::pem_pair> identity_;
    journal log_;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;
    std::thread thread_;
};

}  // namespace websock::test
