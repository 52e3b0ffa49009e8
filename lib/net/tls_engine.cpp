#include "tls_engine.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>
#include <new>

#include "thread_memory.hpp"

namespace websock::net {
namespace {

using boost::system::error_code;

// RFC 8446 §5.1: "The length MUST NOT exceed 2^14 bytes."
constexpr std::size_t record_size = 16 * 1024;
// The output's memory: a batch of records, and what answers may add.
constexpr std::size_t output_size = 80 * 1024;
constexpr std::size_t most_kept = 4 * output_size;

// ---- what OpenSSL reads from and writes to; it knows the buffers of the call that is under way

int read_input(BIO* bio, char* into, std::size_t size, std::size_t* count) {
    auto* const buffers = static_cast<tls_buffers*>(BIO_get_data(bio));
    std::span<const std::byte>& input = buffers->input;
    if (input.empty()) {
        buffers->starved = true;
        BIO_set_retry_read(bio);
        *count = 0;
        return -1;
    }
    BIO_clear_retry_flags(bio);
    *count = std::min(size, input.size());
    std::memcpy(into, input.data(), *count);
    input = input.subspan(*count);
    return 1;
}

int write_output(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
    BIO_clear_retry_flags(bio);
    *count = 0;
    try {
        static_cast<tls_buffers*>(BIO_get_data(bio))
            ->output.append(std::as_bytes(std::span(from, size)));
    } catch (const std::bad_alloc&) {  // not through OpenSSL
        return -1;
    }
    *count = size;
    return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

error_code openssl_error(unsigned long reason) noexcept {
    return {static_cast<int>(reason), boost::asio::error::get_ssl_category()};
}

void require(bool done, const char* what) {
    if (!done) {
        const unsigned long reason = ERR_get_error();
        ERR_clear_error();
        throw boost::system::system_error(openssl_error(reason), what);
    }
}

// Never freed: connections may live until the very end of the program.
const BIO_METHOD* make_method() {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "websock");
    require(made != nullptr && BIO_meth_set_read_ex(made, read_input) == 1 &&
                BIO_meth_set_write_ex(made, write_output) == 1 &&
                BIO_meth_set_ctrl(made, control) == 1,
            "BIO method");
    return made;
}

std::size_t records_for(std::size_t bytes) { return (bytes + record_size - 1) / record_size; }

}  // namespace

// ---- tls_buffers

tls_buffers::tls_buffers() : room_memory_(std::make_unique_for_overwrite<std::byte[]>(input_size)) {
    room = {room_memory_.get(), input_size};
    output.prepare(output_size);
}

void tls_buffers::clear() noexcept {
    input = {};
    starved = false;
    output.clear();
    if (output.capacity() > most_kept) {
        output.release();
    }
}

tls_buffers& thread_tls_buffers() {
    std::unique_ptr<tls_buffers>& mine = this_thread().tls;
    if (!mine) {
        mine = std::make_unique<tls_buffers>();
    }
    mine->clear();
    return *mine;
}

// ---- tls_engine

tls_engine::tls_engine(boost::asio::ssl::context& context, side which) {
    static const BIO_METHOD* const method = make_method();
    ERR_clear_error();
    ssl_.reset(SSL_new(context.native_handle()));
    require(ssl_ != nullptr, "TLS connection");
    bio_ = BIO_new(method);
    require(bio_ != nullptr, "TLS connection");
    SSL_set_bio(ssl_.get(), bio_, bio_);
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_clear_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);  // all of a write is taken
    // A record's header and body come by one call, and so do the small records behind it.
    SSL_set_read_ahead(ssl_.get(), 1);
    if (which == boost::asio::ssl::stream_base::client) {
        SSL_set_connect_state(ssl_.get());
    } else {
        SSL_set_accept_state(ssl_.get());
    }
}

error_code tls_engine::handshake(tls_buffers& buffers) {
    use(buffers);
    ERR_clear_error();
    return SSL_do_handshake(ssl_.get()) == 1 ? error_code() : why_not(buffers, ERR_peek_error());
}

std::size_t tls_engine::read(tls_buffers& buffers, std::span<std::byte> room, error_code& ec) {
    use(buffers);
    std::size_t done = 0;
    do {
        std::size_t n = 0;
        if (SSL_read_ex(ssl_.get(), room.data() + done, room.size() - done, &n) != 1) {
            ec = why_not(buffers, ERR_peek_last_error());
            if (done > 0 && ec == boost::asio::error::would_block) {
                ec = {};
            }
            break;
        }
        done += n;
    } while (done < room.size() && (!buffers.input.empty() || has_pending()));
    return done;
}

// Small views share a record with their neighbours where that makes one record less: the copy costs
// less than that.
std::size_t tls_engine::write(tls_buffers& buffers,
                              std::span<const std::span<const std::byte>> views, std::size_t most,
                              error_code& ec) {
    use(buffers);
    const std::span<std::byte> shared = buffers.room.first(record_size);
    std::size_t filled = 0;
    std::size_t taken = 0;
    const auto pass_on = [&](std::span<const std::byte> bytes) {
        if (!bytes.empty() && !ec) {
            if (encrypt(bytes)) {
                taken += bytes.size();
            } else {
                ec = why_not(buffers, ERR_peek_last_error());
            }
        }
    };
    const auto share = [&](std::span<const std::byte>& view) {
        const std::size_t n = std::min(view.size(), shared.size() - filled);
        std::memcpy(shared.data() + filled, view.data(), n);
        filled += n;
        view = view.subspan(n);
    };
    for (std::size_t i = 0; i < views.size() && !ec; ++i) {
        std::span<const std::byte> view =
            views[i].first(std::min(views[i].size(), most - taken - filled));
        if (filled > 0 &&
            records_for(filled + view.size()) < records_for(filled) + records_for(view.size())) {
            share(view);
        }
        if (!view.empty() || filled == shared.size()) {
            pass_on(shared.first(std::exchange(filled, 0)));
            const bool last = i + 1 == views.size();
            const std::size_t straight =
                last ? view.size() : view.size() / record_size * record_size;
            pass_on(view.first(straight));
            view = view.subspan(straight);
            share(view);
        }
    }
    pass_on(shared.first(filled));
    return taken;
}

bool tls_engine::encrypt(std::span<const std::byte> bytes) {
    std::size_t n = 0;
    return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n) == 1 && n == bytes.size();
}

void tls_engine::shut_down(tls_buffers& buffers) {
    use(buffers);
    static_cast<void>(SSL_shutdown(ssl_.get()));  // the peer's close_notify is not waited for
    ERR_clear_error();
}

// After a call that has failed. SSL_get_error() looks at the thread's queue of errors, in which
// somebody else may have left something; that is dear to clear before each call. SSL_want() says
// "reading" after some failures, too. But a call that has asked for more input in vain ends there.
error_code tls_engine::why_not(const tls_buffers& buffers, unsigned long reason) const noexcept {
    if (buffers.starved) {
        return boost::asio::error::would_block;
    }
    ERR_clear_error();
    if (SSL_get_error(ssl_.get(), 0) == SSL_ERROR_ZERO_RETURN) {
        return boost::asio::error::eof;
    }
    return reason == 0 ? error_code(boost::asio::ssl::error::unspecified_system_error)
                       : openssl_error(reason);
}

}  // namespace websock::net
