#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <new>
#include <websock/connection.hpp>

#include "../net/driver.hpp"

namespace websock {
namespace {

address to_address(const boost::asio::ip::tcp::endpoint& endpoint) {
    return {endpoint.address().to_string(), endpoint.port()};
}

}  // namespace

connection::connection() noexcept = default;
connection::connection(std::shared_ptr<net::driver> driver) noexcept : driver_(std::move(driver)) {}
connection::connection(const connection&) noexcept = default;
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(const connection&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;
connection::~connection() = default;

namespace {

// A receive that waits, in the frame of the coroutine that awaits it: nothing is allocated. Only
// for a coroutine that runs on the connection's own executor; it resumes straight from the read
// loop.
class suspended_receive final : public net::receive_operation {
public:
    explicit suspended_receive(const std::shared_ptr<net::driver>& driver) noexcept
        : driver_(driver) {}
    suspended_receive(const suspended_receive&) = delete;
    suspended_receive& operator=(const suspended_receive&) = delete;

    /// Awaited, the operation waits for a message.
    auto operator()() {
        return boost::asio::async_initiate<const boost::asio::deferred_t&, void()>(
            [this](auto handler) { start(std::move(handler)); }, boost::asio::deferred);
    }
    [[nodiscard]] std::optional<message> result() {
        if (ec_) {
            throw boost::system::system_error(ec_);
        }
        return std::move(next_);
    }

    void complete(error_code ec, std::optional<message>&& next) override {
        ec_ = ec;
        next_ = std::move(next);
        finish_(*this, true);
    }
    void abandon() noexcept override { finish_(*this, false); }

private:
    template <class Handler>
    void start(Handler handler) {
        static_assert(sizeof(Handler) <= sizeof memory_);
        const auto slot = boost::asio::get_associated_cancellation_slot(handler);
        new (memory_) Handler(std::move(handler));
        // The handler owns the coroutine, and so this operation: that must not be its own end.
        finish_ = [](suspended_receive& self, bool resume) {
            auto* const held = std::launder(reinterpret_cast<Handler*>(self.memory_));
            Handler last(std::move(*held));
            held->~Handler();
            if (resume) {
                std::move(last)();
            }
        };
        driver_->wait_for_message(*this);
        if (slot.is_connected()) {
            auto by = slot;
            by.assign([weak = std::weak_ptr(driver_), id = id](boost::asio::cancellation_type) {
                if (const auto driver = weak.lock()) {
                    driver->cancel_receive(id);
                }
            });
        }
    }

    const std::shared_ptr<net::driver>& driver_;
    void (*finish_)(suspended_receive&, bool resume) = nullptr;
    error_code ec_;
    std::optional<message> next_;
    alignas(std::max_align_t) std::byte memory_[64];
};

// The handle may end before these coroutines do: each keeps the driver itself, as a parameter.
awaitable<std::optional<message>> receive_from(std::shared_ptr<net::driver> driver) {
    if (driver->on_strand()) {
        bool ready = false;
        std::optional<message> next = driver->receive_now(ready);
        if (ready) {
            co_return next;
        }
        if (co_await boost::asio::this_coro::executor == driver->executor()) {
            suspended_receive waiting(driver);
            co_await waiting();
            co_return waiting.result();
        }
    }
    co_return co_await connection(driver).async_receive(boost::asio::use_awaitable);
}

awaitable<void> already_sent() { co_return; }

awaitable<void> send_to(std::shared_ptr<net::driver> driver, message whole, send_options how) {
    co_await connection(std::move(driver))
        .async_send(std::move(whole), how, boost::asio::use_awaitable);
}

awaitable<void> close_of(connection self, close_reason reason) {
    co_await self.async_close(std::move(reason), boost::asio::use_awaitable);
}

}  // namespace

awaitable<std::optional<message>> connection::receive() { return receive_from(driver_); }

awaitable<void> connection::send(message whole, send_options how) {
    if (driver_->on_strand()) {
        switch (driver_->send_now(whole, how)) {
            case net::send_outcome::queued:
                return already_sent();
            case net::send_outcome::closed:
                throw boost::system::system_error(error::closed);
            case net::send_outcome::must_wait:
                break;
        }
    }
    return send_to(driver_, std::move(whole), how);
}

awaitable<void> connection::close(close_reason reason) {
    return close_of(*this, std::move(reason));
}

error_code connection::try_send(message_view view, send_options how) {
    return driver_->try_send(view, how);
}

error_code connection::ping(std::string_view payload) { return driver_->try_ping(payload); }

void connection::request_close(close_reason reason) { driver_->request_close(std::move(reason)); }

bool connection::is_open() const noexcept { return driver_ != nullptr && driver_->is_open(); }

websock::close_info connection::close_info() const { return driver_->info(); }

const websock::request& connection::request() const noexcept { return driver_->facts().head; }

const std::string& connection::subprotocol() const noexcept { return driver_->facts().subprotocol; }

const std::string& connection::extensions() const noexcept { return driver_->facts().extensions; }

address connection::remote_address() const { return to_address(driver_->facts().remote); }

address connection::local_address() const { return to_address(driver_->facts().local); }

bool connection::is_secure() const noexcept { return driver_->facts().secure; }

boost::asio::any_io_executor connection::get_executor() const { return driver_->executor(); }

void connection::start_receive(receive_handler handler) {
    driver_->async_receive(std::move(handler));
}

void connection::start_send(message whole, send_options how, done_handler handler) {
    driver_->async_send(std::move(whole), how, std::move(handler));
}

void connection::start_close(close_reason reason, done_handler handler) {
    driver_->async_close(std::move(reason), std::move(handler));
}

}  // namespace websock
