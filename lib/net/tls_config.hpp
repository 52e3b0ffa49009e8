// TLS contexts for servers and clients: TLS 1.2 and 1.3, ECDHE with AEAD, no renegotiation, no
// compression, ALPN http/1.1, buffers released while idle; and whom a client takes for its server.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace websock::net {

/// What a tls_context or a tls_trust holds. OpenSSL's contexts are safe to share between threads.
struct tls_settings {
    std::shared_ptr<boost::asio::ssl::context> context;
};

struct pem_pair {
    std::string certificate_chain;
    std::string private_key;
};

/// Makes a context; throws boost::system::system_error that names `chain_name` or `key_name` when
/// one cannot be used, or both when they do not belong together.
[[nodiscard]] std::shared_ptr<const tls_settings> make_server_settings(
    const pem_pair& pem, const std::string& chain_name, const std::string& key_name);

/// Whether a client checks its server's certificate, where it names no authorities of its own.
enum class verification {
    system_store,  ///< against the authorities that the system trusts
    off,           ///< not at all
};

/// Makes a client's context; throws system_error if OpenSSL cannot. A system without a store of
/// certificates is no error here: no server will be trusted.
[[nodiscard]] std::shared_ptr<const tls_settings> make_client_settings(verification check);

/// Makes a client's context that trusts these certificates (PEM, one or more) and no others, be
/// they authorities or servers. Throws system_error that names `ca_name` if there is none in it, or
/// one that cannot be read.
[[nodiscard]] std::shared_ptr<const tls_settings> make_client_settings(const std::string& ca_pem,
                                                                       const std::string& ca_name);

/// Tells one connection, before its handshake, which server it talks to: asks for it by name (SNI),
/// and demands a certificate for it. `host` is a name, or an address without brackets. After an
/// error the handshake must not be made, since a certificate for any name would do:
/// error::bad_argument if the host is empty, begins with a dot, holds a NUL or a zone; else a code
/// of OpenSSL's.
[[nodiscard]] boost::system::error_code prepare_client(SSL* connection, const std::string& host);

/// Makes a failed handshake's error more exact: if it was the certificate that failed, the code
/// says why (of a category whose messages are OpenSSL's), otherwise it is `failed`.
[[nodiscard]] boost::system::error_code why_not_verified(const SSL* connection,
                                                         boost::system::error_code failed) noexcept;

/// A fresh EC P-256 key with a certificate for `host` that it signed itself, valid for a year.
[[nodiscard]] pem_pair make_self_signed(const std::string& host);

}  // namespace websock::net
