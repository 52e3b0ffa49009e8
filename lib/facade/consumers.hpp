// The user's handlers as what a session knows: a net::consumer for each connection.
#pragma once

#include <memory>
#include <websock/handler.hpp>

#include "../net/application.hpp"

namespace websock::facade {

/// Makes the consumer for one connection. `handler` must outlive it.
[[nodiscard]] std::unique_ptr<net::consumer> make_consumer(const coroutine_handler& handler);
/// The callbacks live as long as the consumer, and as long as one of them is a coroutine that has
/// not ended, which may be longer.
[[nodiscard]] std::unique_ptr<net::consumer> make_consumer(
    std::shared_ptr<const handlers> callbacks);

}  // namespace websock::facade
