// What a user gives for a route: a coroutine, or callbacks.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <websock/connection.hpp>

namespace websock {

/// Runs once per connection, on its strand. On return the connection is closed with 1000, after an
/// exception with 1011. It must not keep references to what ends before it.
using coroutine_handler = std::function<awaitable<void>(connection)>;

/// What `handlers::on_message` is: a plain function, called straight from the read loop without a
/// copy, or a coroutine, for which the next message waits.
class message_callback {
public:
    using plain_function = std::function<void(connection&, message_view)>;
    using coroutine_function = std::function<awaitable<void>(connection&, message_view)>;

    message_callback() noexcept = default;

    template <class Function>
        requires(!std::same_as<std::remove_cvref_t<Function>, message_callback> &&
                 std::invocable<Function&, connection&, message_view>)
    message_callback(Function&& function) {  // NOLINT(*-explicit-*, *-forwarding-reference-*)
        using result = std::invoke_result_t<Function&, connection&, message_view>;
        if constexpr (std::same_as<result, awaitable<void>>) {
            coroutine_ = std::forward<Function>(function);
        } else {
            plain_ = std::forward<Function>(function);
        }
    }

    [[nodiscard]] const plain_function& plain() const noexcept { return plain_; }
    [[nodiscard]] const coroutine_function& coroutine() const noexcept { return coroutine_; }

private:
    plain_function plain_;
    coroutine_function coroutine_;
};

/// Callbacks of a route, all on the connection's strand; any may be missing. An exception from
/// on_open or on_message closes the connection with 1011. The view given to on_message is valid
/// until it returns, or until the coroutine has finished.
struct handlers {
    std::function<void(connection&)> on_open{};
    message_callback on_message{};
    /// The end, exactly once after on_open. Must not throw.
    std::function<void(connection&, const close_info&)> on_close{};
};

}  // namespace websock
