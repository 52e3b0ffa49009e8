#include "connector.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/post.hpp>
#include <optional>

#include "../protocol/accept_key.hpp"
#include "../protocol/handshake.hpp"
#include "../protocol/http_tokens.hpp"
#include "executors.hpp"
#include "random.hpp"
#include "session.hpp"
#include "tcp_stream.hpp"
#include "tls_stream.hpp"
#include "waiters.hpp"

namespace websock::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// What the handshake writes itself, or what would give the request a body.
bool is_ours(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 10> reserved{"Host",
                                                        "Upgrade",
                                                        "Connection",
                                                        "Content-Length",
                                                        "Transfer-Encoding",
                                                        "Sec-WebSocket-Key",
                                                        "Sec-WebSocket-Version",
                                                        "Sec-WebSocket-Accept",
                                                        "Sec-WebSocket-Protocol",
                                                        "Sec-WebSocket-Extensions"};
    return std::ranges::any_of(
        reserved, [name](std::string_view each) { return protocol::iequals(each, name); });
}

// RFC 7230 §3.2: field-value, without what could end its line, or the head.
bool is_field_value(std::string_view value) noexcept {
    return std::ranges::none_of(value, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return (octet < 0x20 && c != '\t') || octet == 0x7F;
    });
}

error_code judge(const connect_request& wanted) noexcept {
    if (!wanted.url) {
        return wanted.url.error();
    }
    for (const auto& [name, value] : wanted.headers) {
        if (!protocol::is_token(name) || is_ours(name) || !is_field_value(value)) {
            return error::bad_argument;
        }
    }
    // RFC 6455 §4.1: the subprotocols "MUST be non-empty strings with characters in the range
    // U+0021 to U+007E not including separator characters … and MUST all be unique strings".
    const auto& names = wanted.subprotocols;
    for (auto it = names.begin(); it != names.end(); ++it) {
        // [6455-4.1-30, 6455-4.1-31]
        if (!protocol::is_token(*it) || std::find(names.begin(), it, *it) != it) {
            return error::bad_argument;
        }
    }
    return {};
}

// Addresses that need no resolver. RFC 6761 §6.3: "Name resolution APIs and libraries SHOULD
// recognize localhost names as special and SHOULD always return the IP loopback address".
std::vector<tcp::endpoint> known_addresses(const protocol::ws_url& url) {
    error_code ec;
    const auto literal = asio::ip::make_address(url.host, ec);
    if (!ec) {
        return {{literal, url.port}};
    }
    if (url.host == "localhost" || url.host.ends_with(".localhost")) {
        return {{asio::ip::address_v4::loopback(), url.port},
                {asio::ip::address_v6::loopback(), url.port}};
    }
    return {};
}

// What waits for the outcome is in it, and so is all that is open: everything on one strand, which
// is what the session will run on.
template <class Executor>
class connector final : public session_owner,
                        public std::enable_shared_from_this<connector<Executor>> {
public:
    using socket_type = typename tcp_stream<Executor>::socket_type;
    using queue_type = deadline_queue<Executor>;

    connector(const Executor& strand, const asio::any_io_executor& executor, connect_request wanted,
              outcome_handler handler)
        : executor_(executor),
          strand_(strand),
          wanted_(std::move(wanted)),
          waiting_(std::in_place, 0, std::move(handler), no_load(), executor),
          resolver_(strand_),
          deadline_timer_(strand_),
          attempt_timer_(strand_) {}

    void start() {
        bind_cancellation();
        asio::post(strand_, [self = shared_from_this()] { self->begin(); });
    }

    void on_session_end(driver& ended) noexcept override {
        session_.reset();
        const error_code why = ended.info().ec;
        fail(why ? why : make_error_code(error::shut_down));
    }

private:
    // Tells the connector when the session opens, and is the user's consumer for the rest.
    class first_consumer final : public consumer {
    public:
        first_consumer(std::shared_ptr<connector> whose, std::unique_ptr<consumer> inner)
            : whose_(std::move(whose)), inner_(std::move(inner)) {}

        delivery how() const noexcept override { return inner_->how(); }
        void on_open(const std::shared_ptr<driver>& connection) override {
            inner_->on_open(connection);
            std::exchange(whose_, nullptr)->succeed(connection);
        }
        void on_message(const message_view& view) override { inner_->on_message(view); }
        void on_close(const close_info& info) override { inner_->on_close(info); }

    private:
        std::shared_ptr<connector> whose_;
        std::unique_ptr<consumer> inner_;
    };

    using std::enable_shared_from_this<connector>::shared_from_this;
    using std::enable_shared_from_this<connector>::weak_from_this;

    void bind_cancellation() {
        auto slot = asio::get_associated_cancellation_slot(waiting_->handler);
        if (slot.is_connected()) {
            slot.assign([weak = weak_from_this()](asio::cancellation_type) {
                if (const auto self = weak.lock()) {
                    asio::post(self->strand_,
                               [self] { self->fail(asio::error::operation_aborted); });
                }
            });
        }
    }

    void begin() {
        if (done_) {
            return;
        }
        if (const error_code ec = judge(wanted_); ec) {
            fail(ec);
            return;
        }
        const auto limit = wanted_.options.handshake_timeout;
        if (limit.count() > 0) {
            deadline_ = std::chrono::steady_clock::now() + limit;
            deadline_timer_.expires_at(deadline_);
            deadline_timer_.async_wait([self = shared_from_this()](error_code ec) {
                if (!ec) {
                    self->fail(error::handshake_timeout);
                }
            });
        }
        addresses_ = known_addresses(*wanted_.url);
        if (!addresses_.empty()) {
            connect_to_next();
            return;
        }
        // A resolver may hang for longer than the deadline, and can't be stopped: its result is
        // then for nobody.
        resolver_.async_resolve(
            wanted_.url->host, std::to_string(wanted_.url->port), tcp::resolver::numeric_service,
            [self = shared_from_this()](error_code ec, const tcp::resolver::results_type& found) {
                self->resolved(ec, found);
            });
    }

    void resolved(error_code ec, const tcp::resolver::results_type& found) {
        if (done_) {
            return;
        }
        if (ec) {
            fail(ec);
            return;
        }
        for (const auto& each : found) {
            addresses_.push_back(each.endpoint());
        }
        connect_to_next();
    }

    void connect_to_next() {
        if (next_ == addresses_.size()) {
            // [6455-4.1-9]
            fail(last_error_ ? last_error_ : make_error_code(asio::error::host_not_found));
            return;
        }
        // An address that does not answer may not use up the time of those behind it.
        const std::size_t left = addresses_.size() - next_;
        attempt_timer_.expires_at(deadline_);
        if (left > 1 && deadline_ != time_point::max()) {
            const auto now = std::chrono::steady_clock::now();
            attempt_timer_.expires_at(now + (deadline_ - now) / static_cast<int>(left));
        }
        socket_ = std::make_shared<socket_type>(strand_);
        attempt_timer_.async_wait([self = shared_from_this(), attempt = next_](error_code ec) {
            if (!ec && self->socket_ && self->next_ == attempt + 1) {
                self->attempt_expired_ = true;
                error_code ignored;
                self->socket_->cancel(ignored);
            }
        });
        attempt_expired_ = false;
        // It closes when this has ended: on io_uring another socket could come by the wait else.
        socket_->async_connect(addresses_[next_++], [self = shared_from_this(), socket = socket_](
                                                        error_code ec) { self->connected(ec); });
    }

    void connected(error_code ec) {
        if (done_) {
            return;
        }
        attempt_timer_.cancel();
        if (ec || attempt_expired_) {  // or both at once: the socket is closed
            last_error_ = attempt_expired_ ? make_error_code(asio::error::timed_out) : ec;
            connect_to_next();
            return;
        }
        try {
            if (wanted_.url->secure) {
                // [6455-4.1-10, 6455-4.1-12, 6455-10.6-1]
                open(tls_stream<Executor>(std::move(*std::exchange(socket_, nullptr)),
                                          *wanted_.tls->context, wanted_.url->host));
            } else {
                open(tcp_stream<Executor>(std::move(*std::exchange(socket_, nullptr))));
            }
        } catch (const boost::system::system_error& e) {
            fail(e.code());
        } catch (const std::exception&) {
            fail(boost::system::errc::make_error_code(boost::system::errc::not_enough_memory));
        }
    }

    template <class Stream>
    void open(Stream stream) {
        deadline_timer_.cancel();  // the session watches it from here on
        auto config = std::make_shared<session_config>();
        config->options = wanted_.options;
        config->log = wanted_.log;
        auto opening = make_opening(config->options.deflate);
        const auto started = std::make_shared<session<Stream>>(
            std::move(stream), std::move(config), std::make_shared<queue_type>(strand_),
            shared_from_this(), std::move(opening));
        session_ = started;
        started->start();
    }

    std::unique_ptr<client_opening> make_opening(const deflate_options& deflate) {
        auto opening = std::make_unique<client_opening>();
        opening->subprotocols = std::move(wanted_.subprotocols);
        opening->wish = {.host = wanted_.url->host_field,
                         .target = wanted_.url->target,
                         // [6455-4.1-26]
                         .key = protocol::encode_websocket_key(random_nonce()),
                         .subprotocols = opening->subprotocols,
                         .deflate = &deflate};
        opening->head = request("GET", wanted_.url->target, 11);
        opening->head.add_field("Host", wanted_.url->host_field);
        std::vector<header_field> extra;
        bool authorized = false;
        for (const auto& [name, value] : wanted_.headers) {
            extra.push_back({name, value});
            if (protocol::iequals(name, "Authorization")) {
                authorized = true;
            } else {
                opening->head.add_field(name, value);
            }
        }
        std::string credentials;
        if (wanted_.url->has_credentials && !authorized) {
            credentials = protocol::basic_credentials(wanted_.url->userinfo_user,
                                                      wanted_.url->userinfo_password);
            extra.push_back({"Authorization", credentials});
        }
        opening->request_text = protocol::upgrade_request(opening->wish, extra);
        opening->answer = answer_;
        opening->deadline = deadline_;
        opening->use = std::make_unique<first_consumer>(shared_from_this(), std::move(wanted_.use));
        return opening;
    }

    void succeed(const std::shared_ptr<driver>& connection) {
        opened_ = true;
        complete_with({.ec = {}, .connection = connection, .answer = std::move(*answer_)});
    }

    void fail(error_code why) {
        if (done_ || opened_) {
            return;
        }
        if (const auto running = session_.lock()) {
            running->abort(why);  // on_session_end() comes back here
            return;
        }
        complete_with({.ec = why, .connection = nullptr, .answer = std::move(*answer_)});
    }

    void complete_with(connect_outcome outcome) {
        done_ = true;
        resolver_.cancel();
        deadline_timer_.cancel();
        attempt_timer_.cancel();
        if (const auto socket = std::exchange(socket_, nullptr)) {
            error_code ignored;
            socket->cancel(ignored);
        }
        auto waiting = std::exchange(waiting_, std::nullopt);
        // Not from inside the session, which is only about to begin.
        asio::post(executor_, [executor = executor_, waiting = std::move(waiting),
                               outcome = std::move(outcome)]() mutable {
            complete(std::move(waiting->handler), executor, std::move(outcome));
        });
    }

    const asio::any_io_executor executor_;  // the user's
    const Executor strand_;
    connect_request wanted_;
    std::optional<waiter<outcome_handler>> waiting_;
    asio::ip::basic_resolver<tcp, Executor> resolver_;
    typename queue_type::timer_type deadline_timer_;
    typename queue_type::timer_type attempt_timer_;
    std::shared_ptr<socket_type> socket_;
    std::vector<tcp::endpoint> addresses_;
    std::size_t next_ = 0;
    time_point deadline_ = time_point::max();
    error_code last_error_;
    std::shared_ptr<http_response> answer_ = std::make_shared<http_response>();
    std::weak_ptr<driver> session_;
    bool attempt_expired_ = false;
    bool opened_ = false;
    bool done_ = false;
};

}  // namespace

void start_connect(const asio::any_io_executor& executor, connect_request wanted,
                   outcome_handler handler) {
    with_strand(executor, wanted.promised, [&]<class Executor>(const Executor& strand) {
        std::make_shared<connector<Executor>>(strand, executor, std::move(wanted),
                                              std::move(handler))
            ->start();
    });
}

}  // namespace websock::net
