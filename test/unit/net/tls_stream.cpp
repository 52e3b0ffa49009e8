// TLS over a real pair of sockets, the peer being OpenSSL on memory that the test moves by hand.
// Both streams pass the same tests: ours, and the one on asio::ssl::stream.
#include "net/tls_stream.hpp"

#include <openssl/err.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "net/asio_tls_stream.hpp"
#include "net/executors.hpp"
#include "net/session_impl.hpp"
#include "support/session_run.hpp"
#include "support/tls_handshake.hpp"

namespace websock::net {

template class session<asio_tls_stream<thread_executor>>;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using test::openssl_ptr;
using ours = tls_stream<thread_executor>;
using asios = asio_tls_stream<thread_executor>;
using both = boost::mpl::list<ours, asios>;

static_assert(byte_stream<ours> && byte_stream<asios>);
static_assert(byte_stream<tls_stream<strand_executor>>);
static_assert(byte_stream<asio_tls_stream<strand_executor>>);

constexpr auto patience = std::chrono::seconds(20);

const tls_settings& server_settings() {
    static const auto made = make_server_settings(make_self_signed("a.example"), "chain", "key");
    return *made;
}

struct sockets {
    explicit sockets(asio::io_context& context) : stream(context), peer(context) {
        tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
        // The kernel keeps little of what nobody reads.
        peer.open(tcp::v4());
        peer.set_option(asio::socket_base::receive_buffer_size(16384));
        peer.connect(acceptor.local_endpoint());
        acceptor.accept(stream);
        stream.set_option(asio::socket_base::send_buffer_size(16384));
        peer.non_blocking(true);
    }
    using socket_type = ours::socket_type;
    socket_type stream;
    tcp::socket peer;
};

/// OpenSSL's side, and the socket that its ciphertext goes through.
class raw_side {
public:
    raw_side(tcp::socket socket, SSL_CTX* context, bool is_client)
        : socket_(std::move(socket)), ssl_(SSL_new(context)) {
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_.get(), in_, out_);
        if (is_client)
            SSL_set_connect_state(ssl_.get());
        else
            SSL_set_accept_state(ssl_.get());
    }

    SSL* ssl() { return ssl_.get(); }
    tcp::socket& socket() { return socket_; }

    /// Takes in what has come; false at the end of TCP, or after a reset.
    bool take_in() {
        for (;;) {
            char bytes[16384];
            error_code ec;
            const std::size_t n = socket_.read_some(asio::buffer(bytes), ec);
            if (ec)
                return would_block(ec);
            BIO_write(in_, bytes, static_cast<int>(n));
        }
    }
    /// The ciphertext that is to be sent.
    std::string ciphertext() {
        std::string bytes(BIO_ctrl_pending(out_), '\0');
        if (!bytes.empty())
            BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }
    /// Sends as much of it as goes.
    void send() {
        unsent_ += ciphertext();
        while (!unsent_.empty()) {
            error_code ec;
            const std::size_t n = socket_.write_some(
                asio::buffer(unsent_.data(), std::min(unsent_.size(), most)), ec);
            if (ec)
                return;
            unsent_.erase(0, n);
        }
    }
    bool handshake() {
        take_in();
        ERR_clear_error();
        const bool done = SSL_do_handshake(ssl_.get()) == 1;
        send();
        return done;
    }
    void write(const std::string& bytes) {
        BOOST_REQUIRE(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
                      static_cast<int>(bytes.size()));
    }
    /// All that can be decrypted now.
    std::string read() {
        std::string all;
        char bytes[16384];
        for (;;) {
            ERR_clear_error();
            const int n = SSL_read(ssl_.get(), bytes, sizeof bytes);
            if (n <= 0)
                return all;
            all.append(bytes, static_cast<std::size_t>(n));
        }
    }
    bool told_the_end() { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

    std::size_t most = static_cast<std::size_t>(-1);  ///< bytes that one send takes

private:
    tcp::socket socket_;
    openssl_ptr<SSL> ssl_;
    BIO* in_;
    BIO* out_;
    std::string unsent_;
};

/// Runs until `done`; the test ends if that takes long.
void run_until(asio::io_context& context, const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    context.restart();
    while (!done()) {
        context.poll();
        context.restart();
        BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
}

template <class Stream>
detached shake(Stream& stream, std::optional<error_code>& outcome) {
    outcome = co_await stream.handshake();
}

/// A server's stream and a client of OpenSSL's, connected but not yet secure.
template <class Stream>
struct pair {
    explicit pair(int version = 0, std::size_t at_once = static_cast<std::size_t>(-1))
        : ends(context),
          client_context(SSL_CTX_new(TLS_client_method())),
          stream(std::move(ends.stream), *server_settings().context),
          client(std::move(ends.peer), configured(version), true) {
        client.most = at_once;
    }
    ~pair() { SSL_CTX_free(client_context); }

    SSL_CTX* configured(int version) {
        SSL_CTX_set_max_proto_version(client_context, version);
        return client_context;
    }

    error_code open() {
        std::optional<error_code> outcome;
        shake(stream, outcome);
        run_until(context, [&] {
            const bool done = client.handshake();
            return outcome.has_value() && (done || *outcome);
        });
        return *outcome;
    }

    /// What the stream reads, with so much room, until there are `size` bytes or an error.
    std::string read(std::size_t size, std::size_t room, error_code& ec) {
        std::string all;
        std::vector<std::byte> space(room);
        ec = {};
        run_until(context, [&] {
            client.send();
            error_code failed;
            const std::size_t n = stream.read_some(space, failed);
            BOOST_REQUIRE((n > 0) == !failed);
            if (would_block(failed))
                return false;
            all.append(reinterpret_cast<const char*>(space.data()), n);
            ec = failed;
            return ec || all.size() >= size;
        });
        return all;
    }
    /// What it gives without waiting for the socket, once there is something.
    std::string read_buffered(std::size_t room) {
        error_code ec;
        std::string all = read(1, room, ec);
        std::vector<std::byte> space(room);
        while (stream.has_buffered_input()) {
            const std::size_t n = stream.read_some(space, ec);
            all.append(reinterpret_cast<const char*>(space.data()), n);
        }
        return all;
    }
    /// Writes views; returns what the client makes of it.
    std::string write(std::vector<std::span<const std::byte>> views) {
        std::string got;
        std::size_t size = 0;
        for (const auto& each : views)
            size += each.size();
        run_until(context, [&] {
            error_code ec;
            if (views.empty()) {
                stream.flush(ec);
            } else {
                std::size_t n = stream.write_some(views, ec);
                BOOST_REQUIRE((n > 0 || would_block(ec)));
                while (!views.empty() && n >= views.front().size()) {
                    n -= views.front().size();
                    views.erase(views.begin());
                }
                if (n > 0)
                    views.front() = views.front().subspan(n);
            }
            BOOST_REQUIRE((!ec || would_block(ec)));
            client.take_in();
            got += client.read();
            return got.size() >= size;
        });
        return got;
    }

    asio::io_context context{1};
    sockets ends;
    SSL_CTX* client_context;
    Stream stream;
    raw_side client;
};

std::string noise(std::size_t size) {
    std::minstd_rand random(1);
    std::string bytes(size, '\0');
    for (char& c : bytes)
        c = static_cast<char>(random());
    return bytes;
}

std::span<const std::byte> view(const std::string& text) { return std::as_bytes(std::span(text)); }

BOOST_AUTO_TEST_SUITE(tls_streams)

BOOST_AUTO_TEST_CASE_TEMPLATE(reads_and_writes, Stream, both) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        pair<Stream> p(version);
        BOOST_REQUIRE(!p.open());
        BOOST_TEST(SSL_version(p.client.ssl()) == version);
        error_code ec;
        p.client.write("hello");
        BOOST_TEST(p.read(5, 100, ec) == "hello");
        BOOST_TEST(p.write({view("world")}) == "world");
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(ciphertext_octet_by_octet, Stream, both) {
    pair<Stream> p(0, 1);
    BOOST_REQUIRE(!p.open());
    const std::string sent = noise(3000);
    p.client.write(sent);
    error_code ec;
    BOOST_TEST((p.read(sent.size(), 100000, ec) == sent));
    BOOST_TEST(p.write({view("ok")}) == "ok");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(any_room_will_do, Stream, both) {
    const std::string sent = noise(300000);
    for (const std::size_t room : {1UL, 7UL, 5000UL, 16384UL, 70000UL, 400000UL}) {
        pair<Stream> p;
        BOOST_REQUIRE(!p.open());
        const std::string part = sent.substr(0, room < 100 ? 40000 : sent.size());
        p.client.write(part);
        error_code ec;
        BOOST_TEST((p.read(part.size(), room, ec) == part));
    }
}

// What the socket no longer holds is not lost, however small the room was.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_has_been_taken_in_is_announced, Stream, both) {
    for (const std::size_t room : {1UL, 7UL, 100UL, 1000UL, 65536UL}) {
        pair<Stream> p;
        BOOST_REQUIRE(!p.open());
        std::string sent;
        for (int i = 0; i < 20; ++i) {  // small records
            p.client.write(std::string(50, static_cast<char>('a' + i)));
            sent += std::string(50, static_cast<char>('a' + i));
        }
        BOOST_TEST(p.read_buffered(room) == sent);
    }
}

// A client may send the first data with the end of its handshake.
BOOST_AUTO_TEST_CASE_TEMPLATE(data_behind_the_handshake, Stream, both) {
    pair<Stream> p;
    std::optional<error_code> outcome;
    shake(p.stream, outcome);
    run_until(p.context, [&] {
        p.client.take_in();
        ERR_clear_error();
        const bool done = SSL_do_handshake(p.client.ssl()) == 1;
        if (done)
            p.client.write("early");
        p.client.send();
        return done;
    });
    run_until(p.context, [&] { return outcome.has_value(); });
    BOOST_REQUIRE(!*outcome);
    error_code ec;
    BOOST_TEST(p.read(5, 100, ec) == "early");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(views_of_all_sizes_leave_in_order, Stream, both) {
    std::vector<std::string> parts;
    for (const std::size_t size : {1UL, 4UL, 16384UL, 2UL, 5000UL, 3UL, 16382UL, 40000UL, 10UL,
                                   512UL, 16383UL, 1UL, 70000UL, 8UL, 513UL, 100000UL})
        parts.push_back(noise(size));
    for (std::size_t first = 0; first < parts.size(); ++first) {
        pair<Stream> p;
        BOOST_REQUIRE(!p.open());
        std::string all;
        std::vector<std::span<const std::byte>> views;
        for (std::size_t i = first; i < parts.size(); ++i) {
            all += parts[i];
            views.push_back(view(parts[i]));
        }
        BOOST_TEST((p.write(std::move(views)) == all));
    }
}

// The socket refuses, and takes the rest later.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_slow_reader, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    const std::string sent = noise(4 << 20U);
    std::span<const std::byte> rest = view(sent);
    error_code ec;
    while (!rest.empty() && !ec)
        rest = rest.subspan(p.stream.write_some({&rest, 1}, ec));
    BOOST_TEST(would_block(ec));
    BOOST_TEST(!rest.empty());
    p.stream.flush(ec);
    BOOST_TEST(would_block(ec));
    std::string got;
    run_until(p.context, [&] {
        if (rest.empty())
            p.stream.flush(ec);
        else
            rest = rest.subspan(p.stream.write_some({&rest, 1}, ec));
        BOOST_REQUIRE((!ec || would_block(ec)));
        p.client.take_in();
        got += p.client.read();
        return got.size() >= sent.size();
    });
    BOOST_TEST((got == sent));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_close_notify_behind_data_is_the_end, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    p.client.write("last");
    SSL_shutdown(p.client.ssl());
    error_code ec;
    BOOST_TEST(p.read(4, 100, ec) == "last");
    BOOST_TEST(!ec);
    // TCP has not ended; the end is met all the same.
    BOOST_TEST(p.stream.has_buffered_input());
    BOOST_TEST(p.read(1, 100, ec) == "");
    BOOST_TEST(ec == asio::error::eof);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_truncated_stream_ends, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    p.client.write("half");
    std::string bytes = p.client.ciphertext();
    bytes.resize(bytes.size() - 3);
    asio::write(p.client.socket(), asio::buffer(bytes));
    p.client.socket().shutdown(tcp::socket::shutdown_send);
    error_code ec;
    BOOST_TEST(p.read(1, 100, ec) == "");
    BOOST_TEST(ec == asio::error::eof);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_is_an_error, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    p.client.socket().set_option(asio::socket_base::linger(true, 0));
    p.client.socket().close();
    error_code ec;
    BOOST_TEST(p.read(1, 100, ec) == "");
    BOOST_TEST(ec == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_forged_record_is_an_error_with_an_alert, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    // Somebody else's error, left in the thread's queue.
    ERR_put_error(ERR_LIB_USER, 0, 1, "elsewhere", 1);
    p.client.write("good");
    p.client.send();
    p.client.write("forged");
    std::string bytes = p.client.ciphertext();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    asio::write(p.client.socket(), asio::buffer(bytes));
    error_code ec;
    BOOST_TEST(p.read(5, 100, ec) == "good");
    BOOST_TEST((ec.category() == asio::error::get_ssl_category()));
    BOOST_TEST(ERR_GET_REASON(static_cast<unsigned long>(ec.value())) ==
               SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC);
    p.client.take_in();
    char nothing = 0;
    BOOST_TEST(SSL_read(p.client.ssl(), &nothing, 1) <= 0);
    BOOST_TEST(ERR_GET_REASON(ERR_peek_error()) == SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    ERR_clear_error();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(somebody_elses_error_is_not_ours, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    ERR_put_error(ERR_LIB_USER, 0, 1, "elsewhere", 1);
    std::byte room[100];
    error_code ec;
    BOOST_TEST(p.stream.read_some(room, ec) == 0U);
    BOOST_TEST(would_block(ec));
    ERR_put_error(ERR_LIB_USER, 0, 1, "elsewhere", 1);
    SSL_shutdown(p.client.ssl());
    BOOST_TEST(p.read(1, 100, ec) == "");
    BOOST_TEST(ec == asio::error::eof);
    ERR_clear_error();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(shutdown_tells_the_peer, Stream, both) {
    pair<Stream> p;
    BOOST_REQUIRE(!p.open());
    error_code ec;
    const std::string last = "last";
    const std::span<const std::byte> bytes = view(last);
    BOOST_TEST(p.stream.write_some({&bytes, 1}, ec) == 4U);
    BOOST_TEST((p.stream.shutdown_send(ec) == shutdown_progress::done));
    BOOST_TEST(!ec);
    std::string got;
    run_until(p.context, [&] {
        const bool more = p.client.take_in();
        got += p.client.read();
        return !more;
    });
    BOOST_TEST(got == "last");
    BOOST_TEST(p.client.told_the_end());
}

// Each asks for an answer.
BOOST_AUTO_TEST_CASE_TEMPLATE(key_updates_are_answered, Stream, both) {
    pair<Stream> p(TLS1_3_VERSION);
    BOOST_REQUIRE(!p.open());
    error_code ec;
    for (int i = 0; i < 100; ++i) {
        SSL_key_update(p.client.ssl(), SSL_KEY_UPDATE_REQUESTED);
        p.client.write("x");
    }
    BOOST_TEST(p.read(100, 100, ec) == std::string(100, 'x'));
    const std::string longer = noise(20000);
    BOOST_TEST((p.write({view(longer)}) == longer));
    for (int i = 0; i < 5000; ++i) {  // one after the other, with nothing in between
        SSL_key_update(p.client.ssl(), SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(p.client.ssl());
    }
    p.client.write("y");
    BOOST_TEST(p.read(1, 100, ec) == "y");
    BOOST_TEST(p.write({view("still fine")}) == "still fine");
}

// One that is forged is an error like any other (OpenSSL says that it wants to read, too).
BOOST_AUTO_TEST_CASE_TEMPLATE(a_forged_key_update_is_an_error, Stream, both) {
    pair<Stream> p(TLS1_3_VERSION);
    BOOST_REQUIRE(!p.open());
    SSL_key_update(p.client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(p.client.ssl());
    std::string bytes = p.client.ciphertext();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    asio::write(p.client.socket(), asio::buffer(bytes));
    error_code ec;
    BOOST_TEST(p.read(1, 100, ec) == "");
    BOOST_TEST((ec.category() == asio::error::get_ssl_category()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_not_tls_is_refused, Stream, both) {
    pair<Stream> p;
    std::optional<error_code> outcome;
    shake(p.stream, outcome);
    asio::write(p.client.socket(), asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
    run_until(p.context, [&] { return outcome.has_value(); });
    BOOST_TEST((outcome->category() == asio::error::get_ssl_category()));
    BOOST_TEST(ERR_GET_REASON(static_cast<unsigned long>(outcome->value())) == SSL_R_HTTP_REQUEST);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_refused_handshake_sends_its_alert, Stream, both) {
    pair<Stream> p;
    SSL_set_max_proto_version(p.client.ssl(), TLS1_1_VERSION);
    SSL_set_security_level(p.client.ssl(), 0);
    std::optional<error_code> outcome;
    shake(p.stream, outcome);
    unsigned long reason = 0;
    run_until(p.context, [&] {
        p.client.handshake();
        reason = reason == 0 ? ERR_peek_error() : reason;
        return outcome.has_value() && reason != 0;
    });
    ERR_clear_error();
    BOOST_TEST(ERR_GET_REASON(static_cast<unsigned long>(outcome->value())) ==
               SSL_R_UNSUPPORTED_PROTOCOL);
    BOOST_TEST(ERR_GET_REASON(reason) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_end_within_the_handshake_is_a_truncation, Stream, both) {
    pair<Stream> p;
    std::optional<error_code> outcome;
    shake(p.stream, outcome);
    p.client.handshake();
    p.client.socket().shutdown(tcp::socket::shutdown_send);
    run_until(p.context, [&] { return outcome.has_value(); });
    BOOST_TEST((*outcome == asio::ssl::error::stream_truncated));
}

// ---- the client's side

template <class Stream>
std::string client_outcome(const tls_settings& trust, const std::string& host) {
    asio::io_context context(1);
    sockets ends(context);
    Stream stream(std::move(ends.stream), *trust.context, host);
    raw_side server(std::move(ends.peer), server_settings().context->native_handle(), false);
    std::optional<error_code> outcome;
    shake(stream, outcome);
    bool done = false;
    std::string alert;
    run_until(context, [&] {
        if (!done && alert.empty()) {
            done = server.handshake();
            if (const unsigned long reason = ERR_peek_error(); reason != 0)
                alert = ERR_reason_error_string(reason);
            ERR_clear_error();
        }
        return outcome.has_value() && (done || !alert.empty());
    });
    const char* const sni = SSL_get_servername(server.ssl(), TLSEXT_NAMETYPE_host_name);
    return (*outcome ? outcome->message() + "; " + alert : std::string("open")) + "; " +
           (sni == nullptr ? "" : sni);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_client_asks_by_name_and_verifies, Stream, both) {
    BOOST_TEST(client_outcome<Stream>(*make_client_settings(verification::off), "a.example") ==
               "open; a.example");
    BOOST_TEST(
        client_outcome<Stream>(*make_client_settings(verification::system_store), "a.example") ==
        "the server's certificate is not accepted: self-signed certificate; "
        "tlsv1 alert unknown ca; a.example");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_client_that_is_not_prepared_says_nothing, Stream, both) {
    asio::io_context context(1);
    sockets ends(context);
    Stream stream(std::move(ends.stream), *make_client_settings(verification::off)->context, "");
    std::optional<error_code> outcome;
    shake(stream, outcome);
    BOOST_REQUIRE(outcome.has_value());
    BOOST_TEST((*outcome == error::bad_argument));
    BOOST_TEST(ends.peer.available() == 0U);
}

// ---- a session over it

class echo_app final : public application {
public:
    explicit echo_app(test::observations& seen, delivery how) : seen_(seen), how_(how) {}
    resource find(std::string_view) const override {
        return {.what = resource::kind::websocket, .subprotocols = {}};
    }
    std::unique_ptr<consumer> make_consumer(const resource&) const override {
        return test::make_echo(seen_, how_);
    }

private:
    test::observations& seen_;
    delivery how_;
};

std::string masked_frame(unsigned char first, const std::string& payload) {
    std::string out{static_cast<char>(first), static_cast<char>(0x80 | 127), 0, 0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(payload.size() >> static_cast<unsigned>(shift));
    if (payload.size() < 126)
        out = {static_cast<char>(first), static_cast<char>(0x80 | payload.size())};
    return out + std::string(4, '\0') + payload;
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_echoes_and_shuts_down, Stream, both) {
    for (const delivery how : {delivery::direct, delivery::inbox}) {
        test::observations seen;
        pair<Stream> p;
        connection_options options;
        options.max_message_size = 1 << 20U;
        using session_type = session<Stream>;
        const auto started = std::make_shared<session_type>(
            std::move(p.stream),
            std::make_shared<const session_config>(
                session_config{options, std::make_shared<const echo_app>(seen, how), {}}),
            std::make_shared<typename session_type::queue_type>(p.context.get_executor()),
            std::make_shared<test::end_counter>(seen), admission::welcome);
        started->start();
        run_until(p.context, [&] { return p.client.handshake(); });
        const std::string large = noise(500000);
        p.client.write(
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        p.client.write(masked_frame(0x82, "small"));
        p.client.write(masked_frame(0x82, large));
        p.client.write(masked_frame(0x88, "\x03\xe8"));
        std::string got;
        run_until(p.context, [&] {
            p.client.send();
            const bool more = p.client.take_in();
            got += p.client.read();
            return !more;
        });
        got.erase(0, got.find("\r\n\r\n") + 4);
        BOOST_TEST(got.substr(0, 7) == "\x82\x05small");
        BOOST_TEST((got.substr(17, large.size()) == large));
        BOOST_TEST(got.substr(17 + large.size()) == "\x88\x02\x03\xe8");
        BOOST_TEST(p.client.told_the_end());
        SSL_shutdown(p.client.ssl());
        p.client.send();
        p.client.socket().close();
        run_until(p.context, [&] { return seen.ended == 1; });
        BOOST_TEST(seen.info.clean);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
