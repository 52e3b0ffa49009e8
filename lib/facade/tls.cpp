#include <boost/system/system_error.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>
#include <websock/error.hpp>
#include <websock/tls.hpp>

#include "../net/tls_config.hpp"

namespace websock {
namespace {

std::string read_file(const std::string& name, const std::string& what) {
    errno = 0;
    std::ifstream file(name, std::ios::binary);
    std::string text;
    try {
        text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    } catch (const std::ios_base::failure&) {  // libstdc++, for a directory
        text.clear();
    }
    if (!file || text.empty()) {
        const int reason = errno != 0 ? errno : ENODATA;
        throw boost::system::system_error(error_code(reason, boost::system::generic_category()),
                                          "cannot read " + what);
    }
    return text;
}

}  // namespace

tls_context::tls_context(std::shared_ptr<const net::tls_settings> settings) noexcept
    : settings_(std::move(settings)) {}

tls_context tls_context::from_files(const std::string& certificate_chain_file,
                                    const std::string& private_key_file) {
    const std::string chain_name = "certificate file '" + certificate_chain_file + "'";
    const std::string key_name = "private key file '" + private_key_file + "'";
    net::pem_pair pem;
    pem.certificate_chain = read_file(certificate_chain_file, chain_name);
    pem.private_key = read_file(private_key_file, key_name);
    return tls_context(net::make_server_settings(pem, chain_name, key_name));
}

tls_context tls_context::from_pem(const std::string& certificate_chain,
                                  const std::string& private_key) {
    return tls_context(net::make_server_settings({certificate_chain, private_key},
                                                 "the certificate", "the private key"));
}

tls_context tls_context::self_signed(const std::string& host) {
    return tls_context(net::make_server_settings(net::make_self_signed(host),
                                                 "the self-signed certificate", "its key"));
}

tls_trust::tls_trust(std::shared_ptr<const net::tls_settings> settings) noexcept
    : settings_(std::move(settings)) {}

tls_trust tls_trust::ca_file(const std::string& name) {
    const std::string what = "CA file '" + name + "'";
    return tls_trust(net::make_client_settings(read_file(name, what), what));
}

tls_trust tls_trust::ca_pem(const std::string& text) {
    return tls_trust(net::make_client_settings(text, "the CA text"));
}

tls_trust tls_trust::none() { return tls_trust(net::make_client_settings(net::verification::off)); }

const std::shared_ptr<const net::tls_settings>& tls_trust::settings() const {
    if (settings_) {
        return settings_;
    }
    // Some hundred certificates: read when a client first needs them, and kept.
    static const std::shared_ptr<const net::tls_settings> of_system =
        net::make_client_settings(net::verification::system_store);
    return of_system;
}

}  // namespace websock
