#include <boost/asio/use_awaitable.hpp>
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

// The handle may end before these coroutines do: each keeps the driver itself, as a parameter.
namespace {

awaitable<std::optional<message>> receive_from(std::shared_ptr<net::driver> driver,
                                               connection self) {
    if (driver->on_strand()) {
        bool ready = false;
        std::optional<message> next = driver->receive_now(ready);
        if (ready) {
            co_return next;
        }
    }
    co_return co_await self.async_receive(boost::asio::use_awaitable);
}

awaitable<void> send_to(std::shared_ptr<net::driver> driver, connection self, message whole,
                        send_options how) {
    if (driver->on_strand()) {
        switch (driver->send_now(whole, how)) {
            case net::send_outcome::queued:
                co_return;
            case net::send_outcome::closed:
                throw boost::system::system_error(error::closed);
            case net::send_outcome::must_wait:
                break;
        }
    }
    co_await self.async_send(std::move(whole), how, boost::asio::use_awaitable);
}

awaitable<void> close_of(connection self, close_reason reason) {
    co_await self.async_close(std::move(reason), boost::asio::use_awaitable);
}

}  // namespace

awaitable<std::optional<message>> connection::receive() { return receive_from(driver_, *this); }

awaitable<void> connection::send(message whole, send_options how) {
    return send_to(driver_, *this, std::move(whole), how);
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
