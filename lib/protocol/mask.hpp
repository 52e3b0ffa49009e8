// Masking (RFC 6455 §5.3): octet i of the payload XOR octet i mod 4 of the key.
#pragma once

#include <cstdint>
#include <span>

#include "frame.hpp"

namespace websock::protocol {

/// Masks or unmasks `bytes` in place; `offset` is the position of their first octet in the payload.
void apply_mask(std::span<std::byte> bytes, const masking_key& key, std::uint64_t offset) noexcept;

}  // namespace websock::protocol
