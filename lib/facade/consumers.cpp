#include "consumers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "../net/driver.hpp"

namespace websock::facade {
namespace {

void spawn_handler(const std::shared_ptr<net::driver>& driver, awaitable<void> task) {
    boost::asio::co_spawn(
        driver->executor(), std::move(task),
        [driver](std::exception_ptr exception) { driver->handler_done(std::move(exception)); });
}

// The coroutine style: messages wait in the inbox for `receive`.
class coroutine_consumer final : public net::consumer {
public:
    explicit coroutine_consumer(const coroutine_handler& handler) noexcept : handler_(handler) {}

    net::delivery how() const noexcept override { return net::delivery::inbox; }
    void on_open(const std::shared_ptr<net::driver>& driver) override {
        spawn_handler(driver, handler_(connection(driver)));
    }
    void on_message(message_view) override {}
    void on_close(const close_info&) override {}

private:
    const coroutine_handler& handler_;
};

// What the two kinds of callbacks have in common.
class callbacks_consumer : public net::consumer {
public:
    void on_open(const std::shared_ptr<net::driver>& driver) override {
        peer_.emplace(driver);
        if (callbacks_.on_open) {
            callbacks_.on_open(*peer_);
        }
    }
    void on_close(const close_info& info) override {
        connection peer = *std::exchange(peer_, std::nullopt);
        if (callbacks_.on_close) {
            callbacks_.on_close(peer, info);
        }
    }

protected:
    explicit callbacks_consumer(const handlers& callbacks) noexcept : callbacks_(callbacks) {}

    [[nodiscard]] const message_callback& callback() const noexcept {
        return callbacks_.on_message;
    }
    [[nodiscard]] connection& peer() noexcept { return *peer_; }

private:
    const handlers& callbacks_;
    std::optional<connection> peer_;  // from on_open to on_close
};

// on_message is a plain function, called straight from the read loop.
class plain_callback_consumer final : public callbacks_consumer {
public:
    explicit plain_callback_consumer(const handlers& callbacks) noexcept
        : callbacks_consumer(callbacks) {}

    net::delivery how() const noexcept override { return net::delivery::direct; }
    void on_message(message_view view) override {
        if (callback().plain()) {
            callback().plain()(peer(), view);
        }
    }
};

// on_message is a coroutine: one message after the other. The session's configuration holds the
// callback, and the connection holds that.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
awaitable<void> call_for_each(const message_callback& callback, connection peer) {
    while (std::optional<message> next = co_await peer.receive()) {
        const message_view view(*next);
        co_await callback.coroutine()(peer, view);
    }
}

class coroutine_callback_consumer final : public callbacks_consumer {
public:
    explicit coroutine_callback_consumer(const handlers& callbacks) noexcept
        : callbacks_consumer(callbacks) {}

    net::delivery how() const noexcept override { return net::delivery::inbox; }
    void on_open(const std::shared_ptr<net::driver>& driver) override {
        callbacks_consumer::on_open(driver);
        spawn_handler(driver, call_for_each(callback(), peer()));
    }
    void on_message(message_view) override {}
};

}  // namespace

std::unique_ptr<net::consumer> make_consumer(const coroutine_handler& handler) {
    return std::make_unique<coroutine_consumer>(handler);
}

std::unique_ptr<net::consumer> make_consumer(const handlers& callbacks) {
    if (callbacks.on_message.coroutine()) {
        return std::make_unique<coroutine_callback_consumer>(callbacks);
    }
    return std::make_unique<plain_callback_consumer>(callbacks);
}

}  // namespace websock::facade
