// A server's certificate and TLS settings: TLS 1.2 and 1.3, ECDHE with AEAD ciphers, no
// renegotiation, no compression, ALPN http/1.1.
#pragma once

#include <memory>
#include <string>

namespace websock {

namespace net {
struct tls_settings;
}

/// Shared by any number of listeners and connections; immutable, cheap to copy.
class tls_context {
public:
    /// Reads PEM files: the certificate with its chain, and the unencrypted private key. Throws
    /// system_error that names the file which is missing, unreadable or invalid, or both if they
    /// do not belong together.
    [[nodiscard]] static tls_context from_files(const std::string& certificate_chain_file,
                                                const std::string& private_key_file);
    /// The same from PEM text.
    [[nodiscard]] static tls_context from_pem(const std::string& certificate_chain,
                                              const std::string& private_key);
    /// Makes an EC P-256 key and a certificate for `host` (a name or an IP address) that no client
    /// trusts by itself: for development and tests. Both exist in memory only.
    [[nodiscard]] static tls_context self_signed(const std::string& host = "localhost");

    /// For the library.
    [[nodiscard]] const std::shared_ptr<const net::tls_settings>& settings() const noexcept {
        return settings_;
    }

private:
    explicit tls_context(std::shared_ptr<const net::tls_settings> settings) noexcept;

    std::shared_ptr<const net::tls_settings> settings_;
};

}  // namespace websock
