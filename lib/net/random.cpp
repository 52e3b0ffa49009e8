#include "random.hpp"

#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace websock::net {
namespace {

void fill(void* bytes, std::size_t size) {
    if (RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(size)) != 1) {
        throw std::runtime_error("websock: OpenSSL's random generator failed");
    }
}

class random_key_source final : public protocol::key_source {
public:
    protocol::masking_key next_key() override {
        // Drawn many at a time: the generator takes a lock and a round of AES.
        static thread_local std::array<protocol::masking_key, 256> keys;
        static thread_local std::size_t used = keys.size();
        if (used == keys.size()) {
            // [6455-5.3-3, 6455-5.3-4, 6455-10.3-1]
            fill(keys.data(), sizeof keys);
            used = 0;
        }
        return keys[used++];
    }
};

}  // namespace

protocol::key_source& random_keys() {
    static random_key_source source;
    return source;
}

std::array<std::byte, 16> random_nonce() {
    std::array<std::byte, 16> nonce{};
    // [6455-4.1-26]
    fill(nonce.data(), nonce.size());
    return nonce;
}

std::uint64_t random_number() {
    std::uint64_t number = 0;
    fill(&number, sizeof number);
    return number;
}

}  // namespace websock::net
