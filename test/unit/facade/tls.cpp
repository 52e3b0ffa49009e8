// tls_context: what is wrong with a certificate or a key is said by name.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/host.hpp"
#include "support/raw_client.hpp"

namespace websock {
namespace {

using test::raw_client;

/// PEM texts, made anew.
struct pem_texts {
    std::string certificate;
    std::string key;
    std::string encrypted_key;
};

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
}

pem_texts make_pem() {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    pem_texts made;
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    made.certificate = text_of(memory);
    memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
    made.key = text_of(memory);
    memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key, EVP_aes_128_cbc(),
                             reinterpret_cast<const unsigned char*>("secret"), 6, nullptr, nullptr);
    made.encrypted_key = text_of(memory);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

/// A directory that goes with the test.
struct directory {
    directory() {
        std::string name = (std::filesystem::temp_directory_path() / "websock-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary directory");
        }
        path = name;
    }
    ~directory() { std::filesystem::remove_all(path); }

    [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
        const std::string whole = (path / name).string();
        std::ofstream(whole, std::ios::binary) << content;
        return whole;
    }

    std::filesystem::path path;
};

/// What is said about them; "fine" if nothing.
std::string complaint(const std::string& certificate_file, const std::string& key_file) {
    try {
        static_cast<void>(tls_context::from_files(certificate_file, key_file));
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code().failed());
        return e.what();
    }
    return "fine";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// An exchange over TLS with that context.
std::string exchange(const tls_context& context) {
    test::host_options options;
    options.tls = context;
    const auto host =
        test::start_host(test::arrangement::server_1, coroutine_handler(test::echo), options);
    raw_client client(host->port(), raw_client::transport::tls);
    client.open();
    client.send_text("hello");
    const std::string answer = client.next();
    return answer + " " + client.close();
}

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(files_and_texts_serve) {
    const pem_texts pem = make_pem();
    const directory here;
    const std::string certificate = here.file("cert.pem", pem.certificate);
    const std::string key = here.file("key.pem", pem.key);
    BOOST_TEST(exchange(tls_context::from_files(certificate, key)) ==
               "text(hello) close(1000) end");
    BOOST_TEST(exchange(tls_context::from_pem(pem.certificate, pem.key)) ==
               "text(hello) close(1000) end");
    BOOST_TEST(exchange(tls_context::self_signed("127.0.0.1")) == "text(hello) close(1000) end");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_is_named) {
    const pem_texts pem = make_pem();
    const directory here;
    const std::string certificate = here.file("cert.pem", pem.certificate);
    const std::string key = here.file("key.pem", pem.key);
    const std::string missing = (here.path / "missing.pem").string();
    const std::string no_certificate = complaint(missing, key);
    BOOST_TEST(contains(no_certificate, missing), no_certificate);
    BOOST_TEST(contains(no_certificate, "No such file"), no_certificate);
    BOOST_TEST(!contains(no_certificate, key), no_certificate);
    const std::string no_key = complaint(certificate, missing);
    BOOST_TEST(contains(no_key, missing), no_key);
    BOOST_TEST(!contains(no_key, certificate), no_key);
    const std::string folder = complaint(certificate, here.path.string());
    BOOST_TEST(contains(folder, here.path.string()), folder);
    const std::string empty = here.file("empty.pem", "");
    BOOST_TEST(contains(complaint(empty, key), empty));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_pem_is_named) {
    const pem_texts pem = make_pem();
    const directory here;
    const std::string certificate = here.file("cert.pem", pem.certificate);
    const std::string key = here.file("key.pem", pem.key);
    const std::string garbage = here.file("garbage.pem", "not a PEM file\n");
    const std::string bad_certificate = complaint(garbage, key);
    BOOST_TEST(contains(bad_certificate, garbage), bad_certificate);
    const std::string bad_key = complaint(certificate, garbage);
    BOOST_TEST(contains(bad_key, garbage), bad_key);
    const std::string swapped = complaint(key, certificate);
    BOOST_TEST(contains(swapped, key), swapped);
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_is_refused_without_a_prompt) {
    const pem_texts pem = make_pem();
    const directory here;
    const std::string certificate = here.file("cert.pem", pem.certificate);
    const std::string encrypted = here.file("encrypted.pem", pem.encrypted_key);
    const std::string what = complaint(certificate, encrypted);
    BOOST_TEST(contains(what, encrypted), what);
    BOOST_TEST(!contains(what, certificate), what);
}

BOOST_AUTO_TEST_CASE(a_certificate_and_another_ones_key_are_both_named) {
    const pem_texts pem = make_pem();
    const pem_texts other = make_pem();
    const directory here;
    const std::string certificate = here.file("cert.pem", pem.certificate);
    const std::string key = here.file("other.pem", other.key);
    const std::string what = complaint(certificate, key);
    BOOST_TEST(contains(what, certificate), what);
    BOOST_TEST(contains(what, key), what);
    BOOST_CHECK_THROW(static_cast<void>(tls_context::from_pem(pem.certificate, other.key)),
                      boost::system::system_error);
}

// What failed does not disturb what comes after it in the same thread (OpenSSL's error queue).
BOOST_AUTO_TEST_CASE(a_failure_leaves_no_trace) {
    const pem_texts pem = make_pem();
    const pem_texts other = make_pem();
    BOOST_CHECK_THROW(static_cast<void>(tls_context::from_pem(pem.certificate, "garbage")),
                      boost::system::system_error);
    BOOST_CHECK_THROW(static_cast<void>(tls_context::from_pem(pem.certificate, other.key)),
                      boost::system::system_error);
    BOOST_TEST(exchange(tls_context::from_pem(pem.certificate, pem.key)) ==
               "text(hello) close(1000) end");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
