// Sec-WebSocket-Accept (RFC 6455 §4.2.2) with OpenSSL's SHA-1 and base64.
#include "accept_key.hpp"

#include <openssl/evp.h>

namespace websock::protocol {
namespace {

// RFC 6455 §1.3: "the Globally Unique Identifier (GUID, [RFC4122])
// "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" in string form".
constexpr std::string_view websocket_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

template <std::size_t Size>
std::string to_base64(const unsigned char* bytes) {
    constexpr std::size_t encoded_size = (Size + 2) / 3 * 4;
    std::array<unsigned char, encoded_size + 1> encoded{};  // EVP_EncodeBlock adds a NUL
    EVP_EncodeBlock(encoded.data(), bytes, static_cast<int>(Size));
    return {encoded.begin(), encoded.end() - 1};
}

}  // namespace

// RFC 6455 §4.2.2: "constructed by concatenating /key/ […] with the string […], taking the SHA-1
// hash of this concatenated value to obtain a 20-byte value and base64-encoding […] this 20-byte
// hash."
std::string accept_key(std::string_view key) {
    constexpr std::size_t sha1_size = 20;
    std::string text(key);
    text += websocket_guid;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1)
        return {};
    return to_base64<sha1_size>(digest.data());
}

std::string encode_websocket_key(std::span<const std::byte, 16> nonce) {
    return to_base64<16>(reinterpret_cast<const unsigned char*>(nonce.data()));
}

}  // namespace websock::protocol
