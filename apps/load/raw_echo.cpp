#include "raw_echo.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "checker.hpp"
#include "echo_part.hpp"

namespace load_app {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using error_code = boost::system::error_code;
using plain_stream = tcp::socket;
using tls_stream = asio::ssl::stream<tcp::socket>;

// What is sent is one endless stream: all payloads, again and again. So any number of messages is
// two buffers at most, and what is expected back is known for each byte.
template <class Stream>
class raw_echo final : public echo_connection {
public:
    template <class... Arguments>
    raw_echo(echo_part& whole, const raw_dialer& dialer, std::size_t number,
             Arguments&&... arguments)
        : whole_(whole),
          dialer_(dialer),
          stream_(whole.context(), std::forward<Arguments>(arguments)...),
          deadline_(whole.context()),
          block_(whole.messages().size()),
          check_(whole.chosen().verify_every),
          wanted_(number % count() * block_),
          sent_(wanted_),
          received_(wanted_) {}

    void open() override;
    void send(time_point when) override {
        times().push(when);
        wanted_ += block_;
        write();
    }
    void close() override;
    void give_up() override;
    [[nodiscard]] bool is_open() const noexcept override { return state_ == state::open; }

private:
    enum class state : std::uint8_t { opening, open, gone };
    enum class look : std::uint8_t { no, yes, found_wrong };
    static constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

    [[nodiscard]] std::size_t count() const noexcept {
        return whole_.messages().all().size() / whole_.messages().size();
    }
    [[nodiscard]] auto& socket() noexcept { return stream_.lowest_layer(); }
    void shake_hands();
    void opened(const error_code& ec);
    void read();
    void take(std::size_t n);
    void write();
    [[nodiscard]] bool is_right(std::string_view bytes, std::uint64_t at) const;
    void fail(const std::string& kind, const std::string& what);
    void leave();

    echo_part& whole_;
    const raw_dialer& dialer_;
    Stream stream_;
    asio::steady_timer deadline_;
    std::size_t block_;
    checker check_;
    std::uint64_t wanted_;  // bytes to send up to now, sent, and received
    std::uint64_t sent_;
    std::uint64_t received_;
    std::array<char, 16 * 1024> buffer_{};
    time_point began_;
    state state_ = state::opening;
    look look_ = look::no;  // at the block that is coming in
    bool writing_ = false;
};

template <class Stream>
void raw_echo<Stream>::open() {
    began_ = clock::now();
    deadline_.expires_after(whole_.chosen().timeout);
    deadline_.async_wait([this](const error_code& ec) {
        if (!ec && state_ == state::opening) {
            error_code ignored;
            socket().close(ignored);
        }
    });
    if (dialer_.problem()) {
        asio::post(whole_.context(), [this] { opened(dialer_.problem()); });
        return;
    }
    asio::async_connect(socket(), dialer_.addresses(),
                        [this](const error_code& problem, const tcp::endpoint&) {
                            if (problem) {
                                opened(problem);
                            } else {
                                shake_hands();
                            }
                        });
}

template <class Stream>
void raw_echo<Stream>::shake_hands() {
    error_code ignored;
    socket().set_option(tcp::no_delay(true), ignored);
    if constexpr (is_tls) {
        if (!whole_.chosen().insecure) {
            stream_.set_verify_callback(
                asio::ssl::host_name_verification(whole_.chosen().server.host));
        }
        stream_.async_handshake(asio::ssl::stream_base::client,
                                [this](const error_code& ec) { opened(ec); });
    } else {
        opened({});
    }
}

template <class Stream>
void raw_echo<Stream>::opened(const error_code& ec) {
    const bool in_time = clock::now() < deadline_.expiry();
    deadline_.cancel();
    if (ec || !socket().is_open()) {
        state_ = state::gone;
        whole_.failed(in_time ? "connect" : "timeout",
                      "cannot connect to " + whole_.chosen().server.shown + ": " + ec.message());
    } else {
        state_ = state::open;
        whole_.opened(clock::now() - began_);
        read();
    }
    whole_.settled();
}

template <class Stream>
void raw_echo<Stream>::read() {
    stream_.async_read_some(asio::buffer(buffer_), [this](const error_code& ec, std::size_t n) {
        if (state_ != state::open) {
            return;
        }
        if (ec) {
            fail("closed", ec.message());
            return;
        }
        take(n);
        if (state_ == state::open) {
            read();
        }
    });
}

// All that a read brought is answered by one write, as in a WebSocket connection of the library.
template <class Stream>
void raw_echo<Stream>::take(std::size_t n) {
    const time_point now = clock::now();
    std::string_view rest(buffer_.data(), n);
    while (!rest.empty() && state_ == state::open) {
        const std::size_t within = received_ % block_;
        const std::string_view bytes = rest.substr(0, block_ - within);
        rest.remove_prefix(bytes.size());
        if (times().empty()) {
            fail("unexpected message", "more bytes than sent");
            return;
        }
        if (within == 0) {
            look_ = check_.next() ? look::yes : look::no;
        }
        if (look_ == look::yes && !is_right(bytes, received_)) {
            look_ = look::found_wrong;
            whole_.failed("wrong content", "other bytes than those sent");
        }
        received_ += bytes.size();
        if (received_ % block_ != 0) {
            return;
        }
        const time_point sent = times().pop();
        if (look_ != look::found_wrong) {
            whole_.replied(sent, now);
        }
        if (whole_.wants_next(now)) {
            times().push(now);
            wanted_ += block_;
        } else {
            whole_.rest();
        }
    }
    write();
}

template <class Stream>
void raw_echo<Stream>::write() {
    if (writing_ || sent_ == wanted_ || state_ != state::open) {
        return;
    }
    const std::string_view all = whole_.messages().all();
    const std::size_t left = wanted_ - sent_;
    const std::string_view first = all.substr(sent_ % all.size(), left);
    const std::string_view second = all.substr(0, left - first.size());
    const std::array buffers{asio::buffer(first), asio::buffer(second)};
    writing_ = true;
    stream_.async_write_some(buffers, [this](const error_code& ec, std::size_t n) {
        writing_ = false;
        if (state_ != state::open) {
            return;
        }
        if (ec) {
            fail("closed", ec.message());
            return;
        }
        sent_ += n;
        write();
    });
}

template <class Stream>
bool raw_echo<Stream>::is_right(std::string_view bytes, std::uint64_t at) const {
    const std::string_view all = whole_.messages().all();
    return all.substr(at % all.size(), bytes.size()) == bytes;  // within a block: no wrapping
}

template <class Stream>
void raw_echo<Stream>::fail(const std::string& kind, const std::string& what) {
    whole_.failed(kind, what);
    leave();
}

template <class Stream>
void raw_echo<Stream>::close() {
    if (state_ == state::open) {
        leave();
    }
}

template <class Stream>
void raw_echo<Stream>::give_up() {
    leave();
}

template <class Stream>
void raw_echo<Stream>::leave() {
    state_ = state::gone;
    error_code ignored;
    socket().close(ignored);
    const std::size_t outstanding = in_flight();
    while (!times().empty()) {
        times().pop();
    }
    whole_.ended();
    whole_.lost(outstanding);
}

}  // namespace

raw_dialer::raw_dialer(asio::io_context& context, const settings& chosen) {
    tcp::resolver resolver(context);
    addresses_ = resolver.resolve(chosen.server.host, chosen.server.port, problem_);
    if (chosen.server.is_secure()) {
        tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
        tls_->set_verify_mode(chosen.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer);
        if (chosen.ca_file.empty()) {
            tls_->set_default_verify_paths();
        } else {
            tls_->load_verify_file(chosen.ca_file);
        }
    }
}

raw_dialer::~raw_dialer() = default;

std::unique_ptr<echo_connection> raw_dialer::make_echo(echo_part& whole, std::size_t number) {
    if (tls_) {
        return std::make_unique<raw_echo<tls_stream>>(whole, *this, number, *tls_);
    }
    return std::make_unique<raw_echo<plain_stream>>(whole, *this, number);
}

}  // namespace load_app
