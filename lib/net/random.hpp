// Randomness from OpenSSL's cryptographic generator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "../protocol/endpoint.hpp"

namespace websock::net {

/// Masking keys. RFC 6455 §5.3: "The masking key needs to be unpredictable; thus, the masking key
/// MUST be derived from a strong source of entropy". Safe to use from any thread. Throws
/// std::runtime_error if the generator fails.
[[nodiscard]] protocol::key_source& random_keys();

/// 16 bytes for a Sec-WebSocket-Key (§4.1: "selected randomly for each connection").
[[nodiscard]] std::array<std::byte, 16> random_nonce();

[[nodiscard]] std::uint64_t random_number();

}  // namespace websock::net
