// What the system has to have for a run: descriptors for all connections, memory for what is
// queued.
#pragma once

#include <string>

#include "options.hpp"

namespace load_app {

/// Raises RLIMIT_NOFILE as far as it goes. What is wrong, if that, or the memory, is too little for
/// the run; empty if all is well.
[[nodiscard]] std::string make_room_for(const settings& chosen);

}  // namespace load_app
