// Sec-WebSocket-Accept (RFC 6455 §4.2.2) with OpenSSL's SHA-1 and base64.
#include "accept_key.hpp"

#include <openssl/evp.h>
#include <algorithm>

namespace websock::protocol {
namespace {

// RFC 6455 §1.3: "the Globally Unique Identifier (GUID, [RFC4122])
// "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" in string form".
constexpr std::string_view websocket_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// Looked up by its name once: that takes longer than the hash.
const EVP_MD* sha1() noexcept {
    static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    return found != nullptr ? found : EVP_sha1();
}

}  // namespace

// RFC 6455 §4.2.2: "constructed by concatenating /key/ […] with the string […], taking the SHA-1
// hash of this concatenated value to obtain a 20-byte value and base64-encoding […] this 20-byte
// hash."
std::string accept_key(std::string_view key) {
    std::string text(key);
    text += websocket_guid;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, sha1(), nullptr) != 1)
        return {};
    return encode_base64(std::as_bytes(std::span(digest).first(size)));
}

std::string encode_base64(std::span<const std::byte> bytes) {
    // EVP_EncodeBlock counts in int. A multiple of three: only the last part is padded.
    constexpr std::size_t part_size = std::size_t{3} << 20U;
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // it ends its output with a NUL
    auto* out = reinterpret_cast<unsigned char*>(text.data());
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), part_size));
        out += EVP_EncodeBlock(out, reinterpret_cast<const unsigned char*>(part.data()),
                               static_cast<int>(part.size()));
        bytes = bytes.subspan(part.size());
    }
    text.pop_back();
    return text;
}

// [6455-4.1-25]
std::string encode_websocket_key(std::span<const std::byte, 16> nonce) {
    return encode_base64(nonce);
}

}  // namespace websock::protocol
