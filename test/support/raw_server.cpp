#include "raw_server.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cctype>
#include <exception>

namespace websock::test {
namespace {

namespace asio = boost::asio;

asio::ssl::context make_context(const net::pem_pair* identity) {
    asio::ssl::context made(asio::ssl::context::tls_server);
    if (identity != nullptr) {
        made.use_certificate_chain(asio::buffer(identity->certificate_chain));
        made.use_private_key(asio::buffer(identity->private_key), asio::ssl::context::pem);
    }
    return made;
}

std::string lower(std::string_view text) {
    std::string all(text);
    std::ranges::transform(all, all.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return all;
}

// RFC 6455 §4.2.2, without the library's help.
std::string accept_value(const std::string& key) {
    const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> encoded{};
    const int size = EVP_EncodeBlock(encoded.data(), digest.data(), digest.size());
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

}  // namespace

std::string server_frame(unsigned opcode, std::string_view payload, bool fin) {
    // The client's frame without its mask: the same header, but for one bit.
    std::string frame = encode_frame(opcode, std::string(payload.size(), '\0'), fin);
    frame.resize(frame.size() - payload.size() - 4);
    frame[1] = static_cast<char>(frame[1] & 0x7F);
    return frame.append(payload);
}

std::string server_close(unsigned code, std::string_view reason) {
    std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
    return server_frame(8, payload.append(reason));
}

std::string field_of(const std::string& head, std::string_view name) {
    const std::string wanted = "\r\n" + lower(name) + ": ";
    const std::size_t at = lower(head).find(wanted);
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = at + wanted.size();
    return head.substr(begin, head.find('\r', begin) - begin);
}

std::string upgrade_answer(const std::string& request, std::string_view extra) {
    std::string text =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    text += accept_value(field_of(request, "Sec-WebSocket-Key"));
    return text.append("\r\n").append(extra).append("\r\n");
}

raw_server_peer::raw_server_peer(asio::ip::tcp::socket accepted, const net::pem_pair* identity)
    : raw_peer(identity == nullptr ? transport::tcp : transport::tls, make_context(identity)) {
    const auto protocol = accepted.local_endpoint().protocol();
    socket().assign(protocol, accepted.release());
    socket().set_option(asio::ip::tcp::no_delay(true));
}

std::string raw_server_peer::server_name() {
    const char* const name = SSL_get_servername(tls().native_handle(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
}

std::string raw_server_peer::upgrade(std::string_view extra) {
    std::string request = read_head();
    send_bytes(upgrade_answer(request, extra));
    return request;
}

bool raw_server_peer::is_silent() {
    pollfd one{.fd = socket().native_handle(), .events = POLLIN | POLLRDHUP, .revents = 0};
    return poll(&one, 1, 50) == 0;
}

std::string raw_server_peer::finish() {
    shutdown_send();
    return next();
}

raw_server::raw_server(script each, std::optional<net::pem_pair> identity, const char* host)
    : each_(std::move(each)),
      identity_(std::move(identity)),
      acceptor_(context_, asio::ip::tcp::endpoint(asio::ip::make_address(host), 0)),
      port_(acceptor_.local_endpoint().port()),
      thread_([this] { run(); }) {}

raw_server::~raw_server() {
    asio::post(context_, [this] { acceptor_.close(); });
    thread_.join();
}

std::string raw_server::url(std::string_view target) const {
    std::string text = identity_ ? "wss://localhost:" : "ws://127.0.0.1:";
    return text.append(std::to_string(port_)).append(target);
}

void raw_server::run() {
    for (;;) {
        std::optional<asio::ip::tcp::socket> accepted;
        acceptor_.async_accept(
            [&accepted](const boost::system::error_code& ec, asio::ip::tcp::socket socket) {
                if (!ec) {
                    accepted.emplace(std::move(socket));
                }
            });
        context_.restart();
        context_.run();
        if (!accepted) {
            return;
        }
        try {
            raw_server_peer peer(*std::move(accepted), identity_ ? &*identity_ : nullptr);
            each_(peer);
        } catch (const std::exception& e) {
            log_.add(std::string("failed: ") + e.what());
        }
    }
}

}  // namespace websock::test
