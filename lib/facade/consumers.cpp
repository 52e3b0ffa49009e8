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
    void on_message(const message_view&) override {}
    void on_close(const close_info&) override {}

private:
    const coroutine_handler& handler_;
};

// What the two kinds of callbacks have in common.
class callbacks_consumer : public net::consumer {
public:
    void on_open(const std::shared_ptr<net::driver>& driver) override {
        peer_.emplace(driver);
        if (callbacks_->on_open) {
            callbacks_->on_open(*peer_);
        }
    }
    void on_close(const close_info& info) override {
        connection peer = *std::exchange(peer_, std::nullopt);
        if (callbacks_->on_close) {
            callbacks_->on_close(peer, info);
        }
    }

protected:
    explicit callbacks_consumer(std::shared_ptr<const handlers> callbacks) noexcept
        : callbacks_(std::move(callbacks)) {}

    [[nodiscard]] const message_callback& callback() const noexcept {
        return callbacks_->on_message;
    }
    [[nodiscard]] const std::shared_ptr<const handlers>& callbacks() const noexcept {
        return callbacks_;
    }
    [[nodiscard]] connection& peer() noexcept { return *peer_; }

private:
    std::shared_ptr<const handlers> callbacks_;
    std::optional<connection> peer_;  // from on_open to on_close
};

// on_message is a plain function, called straight from the read loop.
class plain_callback_consumer final : public callbacks_consumer {
public:
    explicit plain_callback_consumer(std::shared_ptr<const handlers> callbacks) noexcept
        : callbacks_consumer(std::move(callbacks)) {}

    net::delivery how() const noexcept override { return net::delivery::direct; }
    void on_message(const message_view& view) override {
        if (callback().plain()) {
            callback().plain()(peer(), view);
        }
    }
};

// on_message is a coroutine: one message after the other. It may still be at work when the
// connection, and the consumer with it, has gone.
awaitable<void> call_for_each(std::shared_ptr<const handlers> callbacks, connection peer) {
    while (std::optional<message> next = co_await peer.receive()) {
        const message_view view(*next);
        co_await callbacks->on_message.coroutine()(peer, view);
    }
}

class coroutine_callback_consumer final : public callbacks_consumer {
public:
    explicit coroutine_callback_consumer(std::shared_ptr<const handlers> callbacks) noexcept
        : callbacks_consumer(std::move(callbacks)) {}

    net::delivery how() const noexcept override { return net::delivery::inbox; }
    void on_open(const std::shared_ptr<net::driver>& driver) override {
        callbacks_consumer::on_open(driver);
        spawn_handler(driver, call_for_each(callbacks(), peer()));
    }
    void on_message(const message_view&) override {}
};

}  // namespace

std::unique_ptr<net::consumer> make_consumer(const coroutine_handler& handler) {
    return std::make_unique<coroutine_consumer>(handler);
}

std::unique_ptr<net::consumer> make_consumer(std::shared_ptr<const handlers> callbacks) {
    if (callbacks->on_message.coroutine()) {
        return std::make_unique<coroutine_callback_consumer>(std::move(callbacks));
    }
    return std::make_unique<plain_callback_consumer>(std::move(callbacks));
}

}  // namespace websock::facade
