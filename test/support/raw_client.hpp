// One end of a WebSocket connection for tests, independent of the library: synchronous calls, each
// with a deadline, over TCP or TLS, with a frame codec of its own. It does what it is told, right
// or wrong. raw_client is the client's end; raw_server.hpp has the server's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "waiting.hpp"

namespace websock::test {

/// A frame as it came.
struct raw_frame {
    bool fin = true;
    unsigned opcode = 0;
    std::string payload;  ///< unmasked
    std::string key;      ///< four octets; empty if it was not masked

    /// "text(hello)", "binary(…)", "close(1000 bye)", "close()", "ping(…)", "pong(…)".
    [[nodiscard]] std::string text() const;
};

/// A client's frame, masked.
[[nodiscard]] std::string encode_frame(unsigned opcode, std::string_view payload, bool fin = true);
[[nodiscard]] std::string text_frame(std::string_view payload);
[[nodiscard]] std::string close_frame(unsigned code, std::string_view reason = {});

/// An upgrade request; `extra` holds whole header lines.
[[nodiscard]] std::string upgrade_request(std::string_view target, std::string_view extra = {});

class raw_peer {
public:
    enum class transport { tcp, tls };

    void send_bytes(std::string_view bytes);
    /// One segment an octet, as far as TCP can be told.
    void send_octets(std::string_view bytes);

    /// Reads an HTTP head, its empty line included.
    [[nodiscard]] std::string read_head();
    /// The next frame. Throws when there is none: system_error(eof), after a reset, or in time.
    [[nodiscard]] raw_frame read_frame();
    /// The next frame, printed; "end" for the end of TCP, "reset", or another error's message.
    [[nodiscard]] std::string next();
    /// The rest, up to the end, separated by blanks; then it ends TCP too.
    [[nodiscard]] std::string rest();
    /// Everything up to the end of TCP, as bytes; then it ends TCP too.
    [[nodiscard]] std::string read_all();

    /// Ends TCP with a reset.
    void reset();
    void shutdown_send() { socket().shutdown(boost::asio::socket_base::shutdown_send); }

    [[nodiscard]] std::uint16_t local_port() { return socket().local_endpoint().port(); }
    [[nodiscard]] boost::asio::ip::tcp::socket& socket() noexcept { return stream_.next_layer(); }

protected:
    using done_function = std::function<void(const boost::system::error_code&)>;

    raw_peer(transport how, boost::asio::ssl::context tls)
        : tls_(std::move(tls)), stream_(context_, tls_), how_(how) {}

    void wait(const std::function<void(done_function)>& start);
    /// Over TLS the handshake; nothing over TCP.
    void shake_hands(boost::asio::ssl::stream_base::handshake_type side);
    [[nodiscard]] boost::asio::ssl::stream<boost::asio::ip::tcp::socket>& tls() noexcept {
        return stream_;
    }

private:
    void read_more();
    void need(std::size_t size);
    [[nodiscard]] unsigned octet(std::size_t at) const;
    [[nodiscard]] std::string take(std::size_t size);

    boost::asio::io_context context_{1};
    boost::asio::ssl::context tls_;
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
    transport how_;
    std::string input_;
    std::size_t position_ = 0;  // of what has not been taken yet
};

class raw_client : public raw_peer {
public:
    /// How much of what it does not read the kernel takes for it.
    enum class window { usual, small };

    /// Connects, over TLS up to the end of its handshake. Throws system_error.
    explicit raw_client(std::uint16_t port, transport how = transport::tcp,
                        const char* host = "127.0.0.1", window size = window::usual);

    /// Opens a WebSocket connection: sends the request, expects a 101, returns the response's head.
    std::string open(std::string_view target = "/ws", std::string_view extra = {});

    void send_text(std::string_view payload) { send_bytes(text_frame(payload)); }

    /// Closes with a Close frame and reads up to the end: "close(1000) end" if all is well.
    [[nodiscard]] std::string close(unsigned code = 1000);
};

}  // namespace websock::test
