// TLS without I/O: OpenSSL between plain bytes and ciphertext. The ciphertext lies in memory of the
// calling thread: a call reads what has come from there, and leaves what is to be sent there. So a
// connection holds no buffers of its own, and how bytes travel is its stream's business.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>

#include "../protocol/byte_buffer.hpp"

namespace websock::net {

/// One thread's, for use between two suspensions.
struct tls_buffers {
    /// What one read takes from a socket at most.
    static constexpr std::size_t input_size = 64 * 1024;

    tls_buffers();

    /// Where ciphertext is received; and where plain bytes are gathered into one record.
    std::span<std::byte> room;
    /// Ciphertext for the engine; what it leaves of it, it has no use for yet.
    std::span<const std::byte> input;
    /// Ciphertext that the engine has made.
    protocol::byte_buffer output;
    /// OpenSSL has asked for more input than there is.
    bool starved = false;

    /// Forgets all of it.
    void clear() noexcept;

private:
    std::unique_ptr<std::byte[]> room_memory_;
};

/// The calling thread's, cleared.
[[nodiscard]] tls_buffers& thread_tls_buffers();

/// One side of one connection. An error is one of OpenSSL's (asio's category), or of Asio's:
/// would_block if there is too little input, eof after the peer's close_notify.
class tls_engine {
public:
    using side = boost::asio::ssl::stream_base::handshake_type;

    /// Throws system_error when OpenSSL cannot.
    tls_engine(boost::asio::ssl::context& context, side which);

    [[nodiscard]] SSL* native_handle() const noexcept { return ssl_.get(); }

    /// Goes on with the handshake as far as the input allows.
    [[nodiscard]] boost::system::error_code handshake(tls_buffers& buffers);

    /// Decrypts until there is no more input, or no more room. May give bytes and an error that
    /// comes behind them, but not would_block.
    [[nodiscard]] std::size_t read(tls_buffers& buffers, std::span<std::byte> room,
                                   boost::system::error_code& ec);
    /// More could be read without input. Once it has said so, ask read().
    [[nodiscard]] bool has_pending() const noexcept { return SSL_has_pending(ssl_.get()) == 1; }

    /// Encrypts `most` bytes of the views at most, in as few records as that takes.
    [[nodiscard]] std::size_t write(tls_buffers& buffers,
                                    std::span<const std::span<const std::byte>> views,
                                    std::size_t most, boost::system::error_code& ec);

    /// Makes our close_notify, unless the handshake has not ended or has failed.
    void shut_down(tls_buffers& buffers);

private:
    struct free_ssl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    [[nodiscard]] bool encrypt(std::span<const std::byte> bytes);
    void use(tls_buffers& buffers) noexcept { BIO_set_data(bio_, &buffers); }
    [[nodiscard]] boost::system::error_code why_not(const tls_buffers& buffers,
                                                    unsigned long reason) const noexcept;

    std::unique_ptr<SSL, free_ssl> ssl_;
    BIO* bio_;  // ssl_'s
};

}  // namespace websock::net
