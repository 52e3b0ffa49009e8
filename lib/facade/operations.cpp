#include <boost/asio/use_awaitable.hpp>
#include <websock/operations.hpp>

#include "../net/driver.hpp"

namespace websock {
namespace {

// The handle may end before these do: each keeps the connection.
awaitable<std::optional<message>> receive_from(std::shared_ptr<net::driver> from) {
    co_return co_await receive_operation(from);
}

awaitable<void> send_to(std::shared_ptr<net::driver> to, message whole, send_options how) {
    co_await send_operation(to, std::move(whole), how);
}

}  // namespace

// ---- receive

void receive_operation::start(net::driver& from, any_handler handler) {
    from.async_receive(std::move(handler));
}

receive_operation::operator awaitable<std::optional<message>>() && {
    return receive_from(*driver_);
}

bool awaited_receive::try_now() {
    const receive_outcome outcome = driver_->receive_now(next_);
    on_strand_ = outcome != receive_outcome::elsewhere;
    return outcome == receive_outcome::received;
}

// What the slot keeps does not keep the connection.
bool awaited_receive::wait_here(const boost::asio::any_io_executor& runs_on,
                                boost::asio::cancellation_slot cancelled_by) {
    if (!on_strand_ || runs_on != driver_->executor()) {
        return false;
    }
    if (cancelled_by.is_connected()) {
        id = driver_->next_id();
        cancelled_by.assign(
            [weak = driver_->weak_from_this(), id = id](boost::asio::cancellation_type) {
                if (const auto driver = weak.lock()) {
                    driver->cancel_receive(id);
                }
            });
    }
    driver_->wait_for_message(*this);
    return true;
}

// For a coroutine on another executor than the connection's, be it on the same thread.
void awaited_receive::wait_elsewhere(receive_operation::any_handler handler) {
    if (on_strand_) {
        driver_->wait_for_message(std::move(handler));
    } else {
        driver_->async_receive(std::move(handler));
    }
}

// ---- send

void send_operation::start(net::driver& to, message whole, send_options how, any_handler handler) {
    to.async_send(std::move(whole), how, std::move(handler));
}

send_operation::operator awaitable<void>() && { return send_to(*driver_, std::move(whole_), how_); }

send_outcome send_operation::try_now() { return (*driver_)->send_now(whole_, how_); }

}  // namespace websock
