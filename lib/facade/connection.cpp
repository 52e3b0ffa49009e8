#include <boost/asio/use_awaitable.hpp>
#include <websock/connection.hpp>

#include "../net/driver.hpp"

namespace websock {
namespace {

address to_address(const boost::asio::ip::tcp::endpoint& endpoint) {
    return {endpoint.address().to_string(), endpoint.port()};
}

awaitable<void> close_of(connection self, close_reason reason) {
    co_await self.async_close(std::move(reason), boost::asio::use_awaitable);
}

}  // namespace

connection::connection() noexcept = default;
connection::connection(std::shared_ptr<net::driver> driver) noexcept : driver_(std::move(driver)) {}
connection::connection(const connection&) noexcept = default;
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(const connection&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;
connection::~connection() = default;

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

void connection::start_close(close_reason reason, done_handler handler) {
    driver_->async_close(std::move(reason), std::move(handler));
}

}  // namespace websock
