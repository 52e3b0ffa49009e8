// The two sides of a connection (RFC 6455 §1.2); the other end is the peer.
#pragma once

#include <cstdint>

namespace websock::protocol {

enum class role : std::uint8_t { server, client };

}  // namespace websock::protocol
