// Certificates made for a test, and TLS handshakes in memory between two contexts.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include "net/tls_config.hpp"

namespace websock::test {

struct openssl_deleter {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
    void operator()(BIO* memory) const noexcept { BIO_free_all(memory); }
    void operator()(SSL* side) const noexcept { SSL_free(side); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_deleter>;

inline void must(bool done) {
    if (!done)
        throw std::runtime_error("OpenSSL refuses to make what the test needs");
}

/// What a certificate says; the times are seconds from now.
struct certificate_plan {
    std::string subject = "test";  ///< its common name
    std::string names{};           ///< subjectAltName, such as "DNS:a.example,IP:::1"; or none
    long begins = -60;
    long ends = 3600;
    bool authority = false;  ///< may sign others
    std::string usage = "serverAuth";
};

/// A certificate and its key.
class identity {
public:
    /// Signed by itself.
    explicit identity(const certificate_plan& plan) { make(plan, nullptr); }
    identity(const certificate_plan& plan, const identity& issuer) { make(plan, &issuer); }

    [[nodiscard]] std::string certificate_pem() const {
        return pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
    }
    [[nodiscard]] net::pem_pair pair() const {
        return {certificate_pem(), pem([&](BIO* out) {
                    return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr,
                                                    nullptr);
                })};
    }

private:
    void make(const certificate_plan& plan, const identity* issuer) {
        key_.reset(EVP_EC_gen("P-256"));
        certificate_.reset(X509_new());
        must(key_ && certificate_);
        X509* const x = certificate_.get();
        must(X509_set_version(x, 2) == 1);
        must(ASN1_INTEGER_set(X509_get_serialNumber(x), issuer == nullptr ? 1 : 2) == 1);
        must(X509_gmtime_adj(X509_getm_notBefore(x), plan.begins) != nullptr);
        must(X509_gmtime_adj(X509_getm_notAfter(x), plan.ends) != nullptr);
        must(X509_NAME_add_entry_by_txt(
                 X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                 reinterpret_cast<const unsigned char*>(plan.subject.c_str()), -1, -1, 0) == 1);
        X509* const signer = issuer == nullptr ? x : issuer->certificate_.get();
        must(X509_set_issuer_name(x, X509_get_subject_name(signer)) == 1);
        must(X509_set_pubkey(x, key_.get()) == 1);
        if (!plan.names.empty())
            add(signer, NID_subject_alt_name, plan.names);
        add(signer, NID_basic_constraints, plan.authority ? "critical,CA:TRUE" : "CA:FALSE");
        if (!plan.authority)
            add(signer, NID_ext_key_usage, plan.usage);
        EVP_PKEY* const secret = issuer == nullptr ? key_.get() : issuer->key_.get();
        must(X509_sign(x, secret, EVP_sha256()) > 0);
    }

    void add(X509* signer, int kind, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, signer, certificate_.get(), nullptr, nullptr, 0);
        const openssl_ptr<X509_EXTENSION> extension(
            X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
        must(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
    }

    template <class Write>
    static std::string pem(Write write) {
        const openssl_ptr<BIO> memory(BIO_new(BIO_s_mem()));
        must(memory && write(memory.get()) == 1);
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }

    openssl_ptr<EVP_PKEY> key_;
    openssl_ptr<X509> certificate_;
};

/// How a handshake went.
struct handshake_result {
    std::string client;   ///< "open", or why the client has ended it
    bool server = false;  ///< open
    std::string sni;      ///< the name that the server was asked for
    std::string version;  ///< "TLSv1.3"
    std::string cipher;
    std::string protocol;  ///< by ALPN
};

inline std::string why_not(const SSL* side) {
    const long verified = SSL_get_verify_result(side);
    if (verified != X509_V_OK)
        return X509_verify_cert_error_string(verified);
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    return reason == nullptr ? "unknown" : reason;
}

/// Takes turns until both sides are open, or one has failed. `client` has been prepared.
inline handshake_result shake_hands(SSL_CTX* server_context, openssl_ptr<SSL> client) {
    const openssl_ptr<SSL> server(SSL_new(server_context));
    BIO* near = nullptr;
    BIO* far = nullptr;
    must(server && client && BIO_new_bio_pair(&near, 0, &far, 0) == 1);
    SSL_set_bio(client.get(), near, near);
    SSL_set_bio(server.get(), far, far);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    handshake_result result;
    const auto step = [](SSL* side, std::string& outcome) {
        ERR_clear_error();
        const int done = SSL_do_handshake(side);
        const int error = SSL_get_error(side, done);
        if (done == 1)
            outcome = "open";
        else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            outcome = why_not(side);
    };
    std::string server_outcome;
    for (int i = 0; i < 100 && (result.client.empty() || server_outcome.empty()); ++i) {
        if (result.client.empty())
            step(client.get(), result.client);
        if (server_outcome.empty())
            step(server.get(), server_outcome);
    }
    result.server = server_outcome == "open";
    const char* const sni = SSL_get_servername(server.get(), TLSEXT_NAMETYPE_host_name);
    result.sni = sni == nullptr ? "" : sni;
    result.version = SSL_get_version(client.get());
    result.cipher = SSL_get_cipher_name(client.get());
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(client.get(), &protocol, &size);
    if (protocol != nullptr)
        result.protocol.assign(reinterpret_cast<const char*>(protocol), size);
    ERR_clear_error();
    return result;
}

/// A handshake as the library's client would make it with `host`.
inline handshake_result shake_hands(const net::tls_settings& server,
                                    const net::tls_settings& client, const std::string& host) {
    openssl_ptr<SSL> connection(SSL_new(client.context->native_handle()));
    must(connection && !net::prepare_client(connection.get(), host));
    return shake_hands(server.context->native_handle(), std::move(connection));
}

}  // namespace websock::test
