// Descriptors for all connections.
#pragma once

#include <cstddef>
#include <string>

namespace load_app {

/// Raises RLIMIT_NOFILE as far as it goes. What is wrong, if that is too little for so many
/// connections; empty if all is well.
[[nodiscard]] std::string make_room_for(std::size_t connections, std::size_t threads);

}  // namespace load_app
