#include "tls_config.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <websock/error.hpp>

namespace websock::net {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using boost::system::system_error;

template <auto Free>
struct deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, deleter<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, deleter<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, deleter<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, deleter<BIO_free_all>>;

error_code last_error() {
    const auto code = ERR_get_error();
    ERR_clear_error();
    return {static_cast<int>(code), boost::asio::error::get_ssl_category()};
}

void require(bool done, const char* what) {
    if (!done) {
        throw system_error(last_error(), what);
    }
}

// RFC 7301 §3.1: a list of one protocol, its length before it.
constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// RFC 7301 §3.2: the server selects a protocol that it supports, or "SHALL send a fatal
// "no_application_protocol" alert".
int select_http_1_1(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
    unsigned char* selected = nullptr;
    if (SSL_select_next_proto(&selected, out_size, http_1_1.data(), http_1_1.size(), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

/// What holds for both sides.
void harden(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    require(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, "TLS version");
    require(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, "TLS ciphers");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

void harden_server(SSL_CTX* context) {
    harden(context);
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Stateless tickets: no session is kept in memory here.
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, select_http_1_1, nullptr);
}

std::shared_ptr<ssl::context> make_client_context() {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX* const native = context->native_handle();
    harden(native);
    // RFC 6455 is an upgrade of HTTP/1.1: a server that could also talk HTTP/2 must not begin it.
    require(SSL_CTX_set_alpn_protos(native, http_1_1.data(), http_1_1.size()) == 0, "ALPN");
    return context;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    require(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
            "certificate extension");
}

certificate_ptr sign_for(const std::string& host, EVP_PKEY* key) {
    certificate_ptr certificate(X509_new());
    require(certificate != nullptr, "certificate");
    X509* const x = certificate.get();
    std::uint64_t serial = 0;
    require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1U);
    constexpr long day = 24L * 60 * 60;
    X509_gmtime_adj(X509_getm_notBefore(x), -day);
    X509_gmtime_adj(X509_getm_notAfter(x), 365 * day);
    X509_NAME* const name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    error_code not_an_address;
    boost::asio::ip::make_address(host, not_an_address);
    std::string names = (not_an_address ? "DNS:" : "IP:") + host;
    if (host == "localhost") {
        names += ",IP:127.0.0.1,IP:::1";
    }
    add_extension(x, NID_subject_alt_name, names);
    add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x, NID_ext_key_usage, "serverAuth");
    require(X509_sign(x, key, EVP_sha256()) > 0, "signature");
    return certificate;
}

// X509_V_ERR_…
class verification_category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "websock.certificate"; }
    std::string message(int value) const override {
        return std::string("the server's certificate is not accepted: ") +
               X509_verify_cert_error_string(value);
    }
};

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::shared_ptr<const tls_settings> make_server_settings(const pem_pair& pem,
                                                         const std::string& chain_name,
                                                         const std::string& key_name) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    harden_server(context->native_handle());
    // An encrypted key is refused; OpenSSL would ask on the terminal.
    context->set_password_callback(
        [](std::size_t, ssl::context::password_purpose) { return std::string(); });
    error_code ec;
    context->use_certificate_chain(boost::asio::buffer(pem.certificate_chain), ec);
    if (ec) {
        throw system_error(ec, chain_name + " is not a usable certificate");
    }
    context->use_private_key(boost::asio::buffer(pem.private_key), ssl::context::pem, ec);
    if (ec &&
        ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == X509_R_KEY_VALUES_MISMATCH) {
        throw system_error(ec, chain_name + " and " + key_name + " do not belong together");
    }
    if (ec) {
        throw system_error(ec, key_name + " is not a usable private key");
    }
    if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
        throw system_error(last_error(),
                           chain_name + " and " + key_name + " do not belong together");
    }
    return std::make_shared<const tls_settings>(tls_settings{std::move(context)});
}

std::shared_ptr<const tls_settings> make_client_settings(verification check) {
    std::shared_ptr<ssl::context> context = make_client_context();
    SSL_CTX* const native = context->native_handle();
    if (check == verification::system_store) {
        require(SSL_CTX_set_default_verify_paths(native) == 1, "the system's certificates");
        // [6455-4.1-11]
        SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    } else {
        SSL_CTX_set_verify(native, SSL_VERIFY_NONE, nullptr);
    }
    return std::make_shared<const tls_settings>(tls_settings{std::move(context)});
}

std::shared_ptr<const tls_settings> make_client_settings(const std::string& ca_pem,
                                                         const std::string& ca_name) {
    std::shared_ptr<ssl::context> context = make_client_context();
    SSL_CTX* const native = context->native_handle();
    error_code ec;
    context->add_certificate_authority(boost::asio::buffer(ca_pem), ec);
    if (ec) {
        throw system_error(ec, ca_name + " is not a usable certificate");
    }
    // What is named is trusted, self-signed or not: also an intermediate, or the server's own.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
    // [6455-4.1-11]
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    return std::make_shared<const tls_settings>(tls_settings{std::move(context)});
}

error_code prepare_client(SSL* connection, const std::string& host) {
    // RFC 6066 §3: the name is "represented as a byte string using ASCII encoding without a
    // trailing dot".
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    // OpenSSL takes the name to end at a NUL; it takes an empty one for any, and one that begins
    // with a dot for any below it.
    if (name.empty() || name.front() == '.' || name.find('\0') != std::string::npos) {
        return error::bad_argument;
    }
    ERR_clear_error();
    X509_VERIFY_PARAM* const demands = SSL_get0_param(connection);
    error_code not_an_address;
    boost::asio::ip::make_address(name, not_an_address);
    if (!not_an_address) {
        // RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
        return X509_VERIFY_PARAM_set1_ip_asc(demands, name.c_str()) == 1 ? error_code()
                                                                         : error::bad_argument;
    }
    // RFC 9525 §6.3: a wildcard is a whole label. §2: the common name is not looked at.
    X509_VERIFY_PARAM_set_hostflags(
        demands, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const bool done = SSL_set1_host(connection, name.c_str()) == 1 &&
                      // [6455-4.1-13]
                      SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
    return done ? error_code() : last_error();
}

error_code why_not_verified(const SSL* connection, error_code failed) noexcept {
    static const verification_category_type category;
    const long result = SSL_get_verify_result(connection);
    if (result == X509_V_OK || SSL_get_verify_mode(connection) == SSL_VERIFY_NONE) {
        return failed;
    }
    return {static_cast<int>(result), category};
}

pem_pair make_self_signed(const std::string& host) {
    const key_ptr key(EVP_EC_gen("P-256"));
    require(key != nullptr, "EC key");
    const certificate_ptr certificate = sign_for(host, key.get());
    const bio_ptr chain(BIO_new(BIO_s_mem()));
    const bio_ptr secret(BIO_new(BIO_s_mem()));
    require(chain && secret && PEM_write_bio_X509(chain.get(), certificate.get()) == 1 &&
                PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1,
            "PEM");
    return {text_of(chain.get()), text_of(secret.get())};
}

}  // namespace websock::net
