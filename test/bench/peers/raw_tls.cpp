// The limit of what any server can do over TLS: decrypted bytes come back as they are. OpenSSL
// reads and writes through a BIO on buffers that all connections share: of what one recv() brought,
// the answer leaves in one send().
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "epoll_loop.hpp"

namespace {

struct shared {
    std::array<char, 64 * 1024> received;
    std::span<const char> unread;  // of `received`; OpenSSL leaves nothing of it behind
    std::array<char, 64 * 1024> decrypted;
    std::vector<char> outgoing;  // keeps its capacity
    SSL_CTX* context = nullptr;
    BIO_METHOD* method = nullptr;
};

int bio_read(BIO* bio, char* into, int size) {
    auto* const with = static_cast<shared*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (with->unread.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t count = std::min(static_cast<std::size_t>(size), with->unread.size());
    std::memcpy(into, with->unread.data(), count);
    with->unread = with->unread.subspan(count);
    return static_cast<int>(count);
}

int bio_write(BIO* bio, const char* from, int size) {
    auto* const with = static_cast<shared*>(BIO_get_data(bio));
    with->outgoing.insert(with->outgoing.end(), from, from + size);
    return size;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int bio_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

class connection {
public:
    connection(bench::transport& socket, shared& with)
        : socket_(socket), with_(with), ssl_(SSL_new(with.context)) {
        BIO* const bio = BIO_new(with.method);
        BIO_set_data(bio, &with);
        SSL_set_bio(ssl_, bio, bio);
        SSL_set_accept_state(ssl_);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { SSL_free(ssl_); }

    bool readable(void* tag) {
        const auto count = socket_.receive(with_.received);
        if (count <= 0) {
            return count < 0;
        }
        with_.unread = std::span(with_.received).first(static_cast<std::size_t>(count));
        with_.outgoing.clear();
        const bool alive = echo();
        return socket_.send(tag, with_.outgoing) && alive;
    }

private:
    /// Decrypts all that came, and encrypts it as it lies together.
    bool echo() {
        std::size_t filled = 0;
        for (;;) {
            const auto room = std::span(with_.decrypted).subspan(filled);
            const int count = SSL_read(ssl_, room.data(), static_cast<int>(room.size()));
            if (count <= 0) {
                const bool more = SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ;
                ERR_clear_error();
                return write(filled) && more;
            }
            filled += static_cast<std::size_t>(count);
            if (filled == with_.decrypted.size()) {
                if (!write(filled)) {
                    return false;
                }
                filled = 0;
            }
        }
    }

    bool write(std::size_t size) {
        return size == 0 || SSL_write(ssl_, with_.decrypted.data(), static_cast<int>(size)) ==
                                static_cast<int>(size);
    }

    bench::transport& socket_;
    shared& with_;
    SSL* ssl_;
};

SSL_CTX* make_context(const bench::settings& chosen) {
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_use_certificate_chain_file(context, chosen.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, chosen.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error("cannot read the certificate or its key");
    }
    return context;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, [](const bench::settings& chosen) {
        if (!chosen.tls) {
            throw std::runtime_error("raw_epoll is the one without TLS");
        }
        static shared with;
        with.context = make_context(chosen);
        with.method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shared buffers");
        BIO_meth_set_read(with.method, bio_read);
        BIO_meth_set_write(with.method, bio_write);
        BIO_meth_set_ctrl(with.method, bio_control);
        BIO_meth_set_create(with.method, bio_create);
        bench::serve<connection>(chosen.port, with);
    });
}
