// TLS for servers, with their certificate, and for clients, with those that they trust: TLS 1.2 and
// 1.3, ECDHE with AEAD ciphers, no renegotiation, no compression, ALPN http/1.1.
#pragma once

#include <memory>
#include <string>

namespace websock {

namespace net {
struct tls_settings;
}

/// What a server shows of itself. Shared by any number of listeners and connections; immutable,
/// cheap to copy.
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

/// Whom a client believes that they are the server of a wss URL. Unless it is none(), a server must
/// show a certificate for the host of the URL (RFC 6125, RFC 9525: in its subjectAltName, never its
/// common name), within its dates, whose chain ends at a trusted certificate; no revocation list is
/// looked at. Shared by any number of clients and connections; immutable, cheap to copy, and safe
/// to use from any thread.
class tls_trust {
public:
    /// Trusts the authorities that the system trusts, as system() does.
    tls_trust() noexcept = default;
    /// Trusts the authorities that the system trusts: OpenSSL's default file and directory, or
    /// those that the environment names in SSL_CERT_FILE and SSL_CERT_DIR. They are read at the
    /// first use in the process, once for all; where there are none, no server is trusted.
    [[nodiscard]] static tls_trust system() noexcept { return {}; }
    /// Trusts the certificates in a PEM file and no others: authorities, or single servers by their
    /// own certificates. Reads it now. Throws system_error that names the file if it is missing,
    /// unreadable, or holds no valid certificate.
    [[nodiscard]] static tls_trust ca_file(const std::string& name);
    /// The same from PEM text.
    [[nodiscard]] static tls_trust ca_pem(const std::string& text);
    /// Trusts everyone: the connection is encrypted, but to whom is not known, and whoever is in
    /// between can read and change it. For development and tests.
    [[nodiscard]] static tls_trust none();

    /// For the library. Throws system_error at the first use of the system's store, if OpenSSL
    /// fails.
    [[nodiscard]] const std::shared_ptr<const net::tls_settings>& settings() const;

private:
    explicit tls_trust(std::shared_ptr<const net::tls_settings> settings) noexcept;

    std::shared_ptr<const net::tls_settings> settings_;  // none: the system's
};

}  // namespace websock
