#include "raw_client.hpp"

#include <array>
#include <boost/asio/write.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

namespace websock::test {
namespace {

std::string close_text(const std::string& payload) {
    if (payload.size() < 2) {
        return {};
    }
    const auto octet = [&payload](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
    const std::string reason = payload.substr(2);
    return std::to_string(octet(0) * 256 + octet(1)) + (reason.empty() ? "" : " " + reason);
}

}  // namespace

std::string raw_frame::text() const {
    switch (opcode) {
        case 1:
            return "text(" + payload + ")";
        case 2:
            return "binary(" + payload + ")";
        case 8:
            return "close(" + close_text(payload) + ")";
        case 9:
            return "ping(" + payload + ")";
        case 10:
            return "pong(" + payload + ")";
        default:
            return "opcode " + std::to_string(opcode);
    }
}

std::string encode_frame(unsigned opcode, std::string_view payload, bool fin) {
    const std::size_t size = payload.size();
    std::string bytes(1, static_cast<char>(opcode | (fin ? 0x80U : 0U)));
    const auto append_number = [&bytes, size](unsigned octets) {
        for (unsigned i = octets; i-- > 0;) {
            bytes += static_cast<char>((static_cast<std::uint64_t>(size) >> (8 * i)) & 0xFFU);
        }
    };
    if (size < 126) {
        bytes += static_cast<char>(0x80U | size);
    } else if (size <= 0xFFFF) {
        bytes += static_cast<char>(0x80U | 126U);
        append_number(2);
    } else {
        bytes += static_cast<char>(0x80U | 127U);
        append_number(8);
    }
    constexpr std::array<unsigned char, 4> key{0x37, 0xfa, 0x21, 0x3d};
    bytes.append(reinterpret_cast<const char*>(key.data()), key.size());
    for (std::size_t i = 0; i < size; ++i) {
        bytes += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key[i % 4]);
    }
    return bytes;
}

std::string text_frame(std::string_view payload) { return encode_frame(1, payload); }

std::string close_frame(unsigned code, std::string_view reason) {
    std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
    return encode_frame(8, payload.append(reason));
}

std::string upgrade_request(std::string_view target, std::string_view extra) {
    std::string text = "GET ";
    text.append(target).append(
        " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n");
    return text.append(extra).append("\r\n");
}

raw_client::raw_client(std::uint16_t port, transport how, const char* host, window size)
    : raw_peer(how, boost::asio::ssl::context(boost::asio::ssl::context::tls_client)) {
    const boost::asio::ip::tcp::endpoint where(boost::asio::ip::make_address(host), port);
    socket().open(where.protocol());
    if (size == window::small) {
        socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
    }
    wait([&](done_function done) { socket().async_connect(where, std::move(done)); });
    socket().set_option(boost::asio::ip::tcp::no_delay(true));
    shake_hands(boost::asio::ssl::stream_base::client);
}

std::string raw_client::open(std::string_view target, std::string_view extra) {
    send_bytes(upgrade_request(target, extra));
    std::string head = read_head();
    if (!head.starts_with("HTTP/1.1 101 ")) {
        throw std::runtime_error("no upgrade: " + head.substr(0, head.find('\r')));
    }
    return head;
}

void raw_peer::send_bytes(std::string_view bytes) {
    wait([&](const done_function& done) {
        const auto buffer = boost::asio::buffer(bytes.data(), bytes.size());
        const auto sent = [done](const boost::system::error_code& ec, std::size_t) { done(ec); };
        if (how_ == transport::tls) {
            boost::asio::async_write(stream_, buffer, sent);
        } else {
            boost::asio::async_write(socket(), buffer, sent);
        }
    });
}

void raw_peer::send_octets(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        send_bytes(bytes.substr(i, 1));
    }
}

void raw_peer::shake_hands(boost::asio::ssl::stream_base::handshake_type side) {
    if (how_ == transport::tls) {
        wait([&](done_function done) { stream_.async_handshake(side, std::move(done)); });
    }
}

std::string raw_peer::read_head() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n", position_)) == std::string::npos) {
        read_more();
    }
    return take(end + 4 - position_);
}

raw_frame raw_peer::read_frame() {
    raw_frame frame;
    need(2);
    frame.fin = (octet(0) & 0x80U) != 0;
    frame.opcode = octet(0) & 0x0FU;
    const bool masked = (octet(1) & 0x80U) != 0;
    std::size_t size = octet(1) & 0x7FU;
    std::size_t header = 2;
    if (size >= 126) {
        const std::size_t octets = size == 126 ? 2 : 8;
        need(2 + octets);
        size = 0;
        for (std::size_t i = 0; i < octets; ++i) {
            size = size * 256 + octet(2 + i);
        }
        header += octets;
    }
    need(header + size);
    static_cast<void>(take(header));
    if (masked) {
        need(4 + size);
        frame.key = take(4);
    }
    frame.payload = take(size);
    for (std::size_t i = 0; masked && i < size; ++i) {
        frame.payload[i] = static_cast<char>(frame.payload[i] ^ frame.key[i % 4]);
    }
    return frame;
}

std::string raw_peer::next() {
    try {
        return read_frame().text();
    } catch (const boost::system::system_error& e) {
        if (e.code() == boost::asio::error::eof) {
            return "end";
        }
        return e.code() == boost::asio::error::connection_reset ? "reset" : e.code().message();
    }
}

std::string raw_peer::rest() {
    std::string all = next();
    for (std::string last = all; last.find('(') != std::string::npos;) {
        last = next();
        all += " " + last;
    }
    socket().close();
    return all;
}

std::string raw_peer::read_all() {
    try {
        for (;;) {
            read_more();
        }
    } catch (const boost::system::system_error& e) {
        if (e.code() != boost::asio::error::eof) {
            throw;
        }
    }
    socket().close();
    return take(input_.size() - position_);
}

std::string raw_client::close(unsigned code) {
    send_bytes(close_frame(code));
    return rest();
}

void raw_peer::reset() {
    socket().set_option(boost::asio::socket_base::linger(true, 0));
    socket().close();
}

// Performs one operation, which calls `done`.
void raw_peer::wait(const std::function<void(done_function)>& start) {
    std::optional<boost::system::error_code> result;
    start([&result](const boost::system::error_code& ec) { result = ec; });
    context_.restart();
    context_.run_for(patience);
    if (!result) {
        socket().close();
        context_.restart();
        context_.run();
        throw boost::system::system_error(boost::asio::error::timed_out, "raw_client");
    }
    if (*result) {
        throw boost::system::system_error(*result, "raw_client");
    }
}

void raw_peer::read_more() {
    std::array<char, 16 * 1024> room;
    std::size_t size = 0;
    wait([&](const done_function& done) {
        const auto received = [&size, done](const boost::system::error_code& ec, std::size_t n) {
            size = n;
            // An end without a close_notify is none.
            done(ec == boost::asio::ssl::error::stream_truncated
                     ? make_error_code(boost::asio::error::connection_reset)
                     : ec);
        };
        if (how_ == transport::tls) {
            stream_.async_read_some(boost::asio::buffer(room), received);
        } else {
            socket().async_read_some(boost::asio::buffer(room), received);
        }
    });
    input_.append(room.data(), size);
}

void raw_peer::need(std::size_t size) {
    while (input_.size() - position_ < size) {
        read_more();
    }
}

unsigned raw_peer::octet(std::size_t at) const {
    return static_cast<unsigned char>(input_[position_ + at]);
}

std::string raw_peer::take(std::size_t size) {
    std::string taken = input_.substr(position_, size);
    position_ += size;
    if (position_ == input_.size() || position_ > 1024 * 1024) {
        input_.erase(0, position_);
        position_ = 0;
    }
    return taken;
}

}  // namespace websock::test
