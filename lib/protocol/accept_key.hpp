// Sec-WebSocket-Accept (RFC 6455 §4.2.2): base64(SHA-1(key + GUID)). The only use of OpenSSL in
// this layer.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace websock::protocol {

/// Computes the answer to a Sec-WebSocket-Key, 28 characters; empty if OpenSSL is configured
/// without SHA-1.
[[nodiscard]] std::string accept_key(std::string_view key);

/// Base64 (RFC 4648 §4) with padding, in one line; also for credentials.
[[nodiscard]] std::string encode_base64(std::span<const std::byte> bytes);

/// Base64 of 16 random bytes: the Sec-WebSocket-Key that a client sends (§4.1).
[[nodiscard]] std::string encode_websocket_key(std::span<const std::byte, 16> nonce);

}  // namespace websock::protocol
