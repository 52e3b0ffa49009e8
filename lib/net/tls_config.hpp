// TLS contexts for servers: TLS 1.2 and 1.3, ECDHE with AEAD, no renegotiation, no compression,
// ALPN http/1.1, buffers released while idle.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace websock::net {

/// What a tls_context holds. OpenSSL's contexts are safe to share between threads.
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

/// A fresh EC P-256 key with a certificate for `host` that it signed itself, valid for a year.
[[nodiscard]] pem_pair make_self_signed(const std::string& host);

}  // namespace websock::net
