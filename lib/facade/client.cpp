#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <websock/client.hpp>

#include "../net/connector.hpp"
#include "../net/driver.hpp"
#include "check_options.hpp"
#include "consumers.hpp"

namespace websock {
namespace {

namespace asio = boost::asio;

// Messages wait in the inbox for whoever has the connection's handle.
class inbox_consumer final : public net::consumer {
public:
    net::delivery how() const noexcept override { return net::delivery::inbox; }
    void on_open(const std::shared_ptr<net::driver>&) override {}
    void on_message(const message_view&) override {}
    void on_close(const close_info&) override {}
};

// Shared by all copies of a client's handle: with the last of them there is nobody left to receive.
class last_handle {
public:
    explicit last_handle(std::shared_ptr<net::driver> driver) noexcept
        : driver_(std::move(driver)) {}
    last_handle(const last_handle&) = delete;
    last_handle& operator=(const last_handle&) = delete;
    ~last_handle() {
        if (driver_->info().initiator != initiator::none) {
            return;  // it has ended, and its executor may have, too
        }
        try {
            driver_->handler_done(nullptr);
        } catch (...) {  // NOLINT(bugprone-empty-catch)
            // No memory to say so: the connection ends by its timeouts.
        }
    }

private:
    std::shared_ptr<net::driver> driver_;
};

connection close_with_last_handle(const std::shared_ptr<net::driver>& driver) {
    return connection(
        std::shared_ptr<net::driver>(std::make_shared<last_handle>(driver), driver.get()));
}

connect_error to_exception(const error_code& ec, const std::string& url, http_response response) {
    std::string what = "cannot connect to " + protocol::without_credentials(url);
    if (response.status() != 0) {
        what += " (HTTP status " + std::to_string(response.status()) + ")";
    }
    return {ec, what, std::move(response)};
}

awaitable<connection> connect_by(std::string url, std::optional<handlers> callbacks,
                                 client_options options) {
    facade::check(options.connection);
    const auto executor = co_await asio::this_coro::executor;
    auto [ec,
          result] = co_await asio::async_initiate<const asio::as_tuple_t<asio::use_awaitable_t<>>&,
                                                  void(error_code, connect_result)>(
        [](auto handler, const asio::any_io_executor& where, const std::string& to,
           std::optional<handlers> use, client_options how) {
            detail::start_connect(where, to, std::move(use), std::move(how), std::move(handler));
        },
        asio::as_tuple(asio::use_awaitable), executor, url, std::move(callbacks),
        std::move(options));
    if (ec) {
        throw to_exception(ec, url, std::move(result.response));
    }
    co_return *std::move(result.peer);
}

}  // namespace

client_options::client_options() = default;
client_options::client_options(const client_options&) = default;
client_options::client_options(client_options&&) noexcept = default;
client_options& client_options::operator=(const client_options&) = default;
client_options& client_options::operator=(client_options&&) noexcept = default;
client_options::~client_options() = default;

// Without the place in the source that the code was made at, which would be part of what().
connect_error::connect_error(const error_code& ec, const std::string& what, http_response response)
    : system_error(error_code(ec.value(), ec.category()), what),
      response_(std::make_shared<const http_response>(std::move(response))) {}

awaitable<connection> connect(std::string url, client_options options) {
    return connect_by(std::move(url), std::nullopt, std::move(options));
}

awaitable<connection> connect(std::string url, handlers callbacks, client_options options) {
    return connect_by(std::move(url), std::move(callbacks), std::move(options));
}

void detail::check(const boost::asio::any_io_executor& executor, const client_options& options) {
    if (!executor) {
        throw std::invalid_argument("websock: the executor is empty");
    }
    facade::check(options.connection);
}

void detail::start_connect(const asio::any_io_executor& executor, const std::string& url,
                           std::optional<handlers> callbacks, client_options options,
                           connect_handler handler) {
    const bool has_callbacks = callbacks.has_value();
    auto slot = asio::get_associated_cancellation_slot(handler);
    const auto where = asio::get_associated_executor(handler, executor);
    net::outcome_handler finish = asio::bind_cancellation_slot(
        slot, asio::bind_executor(where, [handler = std::move(handler),
                                          has_callbacks](net::connect_outcome outcome) mutable {
            connect_result result;
            result.response = std::move(outcome.answer);
            if (outcome.connection) {
                result.peer = has_callbacks ? connection(outcome.connection)
                                            : close_with_last_handle(outcome.connection);
            }
            std::move(handler)(outcome.ec, std::move(result));
        }));

    net::connect_request wanted{.url = protocol::parse_ws_url(url),
                                .options = options.connection,
                                .subprotocols = std::move(options.subprotocols),
                                .headers = std::move(options.headers),
                                .tls = nullptr,
                                .log = std::move(options.log),
                                .use = nullptr,
                                .promised = options.executor_is_serial
                                                ? net::concurrency::serial
                                                : net::concurrency::parallel};
    if (wanted.url && wanted.url->secure) {
        try {
            wanted.tls = options.trust.settings();
        } catch (const boost::system::system_error& e) {
            wanted.url = e.code();
        }
    }
    if (has_callbacks) {
        wanted.use = facade::make_consumer(std::make_shared<const handlers>(*std::move(callbacks)));
    } else {
        wanted.use = std::make_unique<inbox_consumer>();
    }
    net::start_connect(executor, std::move(wanted), std::move(finish));
}

}  // namespace websock
