// The echo handlers, in the two styles of use, and the page to try them with.
#pragma once

#include <string_view>
#include <websock/websock.hpp>

namespace echo_app {

/// The coroutine style.
websock::awaitable<void> echo(websock::connection peer);

/// The callback style.
[[nodiscard]] websock::handlers echo_callbacks();

extern const std::string_view page_html;

}  // namespace echo_app
