// tls_trust: what it trusts, by handshakes in memory; what is wrong with a file is said by name.
#include <unistd.h>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <websock/tls.hpp>

#include "support/tls_handshake.hpp"

namespace websock {
namespace {

/// A file that goes with the test.
class temporary_file {
public:
    explicit temporary_file(const std::string& content) {
        std::string pattern = (std::filesystem::temp_directory_path() / "websock-XXXXXX").string();
        const int descriptor = mkstemp(pattern.data());
        if (descriptor < 0)
            throw std::runtime_error("no temporary file");
        close(descriptor);
        name_ = pattern;
        std::ofstream(name_, std::ios::binary) << content;
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { std::filesystem::remove(name_); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
};

const net::pem_pair& local_server() {
    static const net::pem_pair made = net::make_self_signed("localhost");
    return made;
}

/// How a client with that trust takes that server.
std::string outcome(const tls_trust& trust) {
    const auto server = net::make_server_settings(local_server(), "certificate", "key");
    return test::shake_hands(*server, *trust.settings(), "localhost").client;
}

/// What is said about a file; "fine" if nothing.
std::string complaint(const std::string& name) {
    try {
        static_cast<void>(tls_trust::ca_file(name));
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code().failed());
        return e.what();
    }
    return "fine";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(trust)

BOOST_AUTO_TEST_CASE(what_is_named_is_trusted) {
    const temporary_file file(local_server().certificate_chain);
    BOOST_TEST(outcome(tls_trust::ca_file(file.name())) == "open");
    BOOST_TEST(outcome(tls_trust::ca_pem(local_server().certificate_chain)) == "open");
    BOOST_TEST(outcome(tls_trust::none()) == "open");
}

BOOST_AUTO_TEST_CASE(what_is_not_named_is_not_trusted) {
    const std::string other = net::make_self_signed("localhost").certificate_chain;
    BOOST_TEST(outcome(tls_trust::ca_pem(other)) == "self-signed certificate");
    BOOST_TEST(outcome(tls_trust::system()) == "self-signed certificate");
    BOOST_TEST(outcome(tls_trust()) == "self-signed certificate");
}

BOOST_AUTO_TEST_CASE(the_systems_store_is_read_once) {
    std::vector<const net::tls_settings*> seen(4);
    std::vector<std::thread> threads;
    threads.reserve(seen.size());
    for (const net::tls_settings*& each : seen)
        threads.emplace_back([&each] { each = tls_trust().settings().get(); });
    for (std::thread& each : threads)
        each.join();
    for (const net::tls_settings* each : seen)
        BOOST_TEST(each == tls_trust::system().settings().get());
    const tls_trust own = tls_trust::none();
    const tls_trust copy = own;  // NOLINT(performance-unnecessary-copy-initialization): the point
    BOOST_TEST(copy.settings() == own.settings());
    BOOST_TEST(own.settings() != tls_trust().settings());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_used_is_named) {
    const std::string missing = complaint("/nowhere/ca.pem");
    BOOST_TEST(contains(missing, "cannot read CA file '/nowhere/ca.pem'"), missing);
    BOOST_TEST(contains(missing, "No such file"), missing);
    const temporary_file garbage("not a PEM file\n");
    BOOST_TEST(contains(complaint(garbage.name()), "CA file '" + garbage.name() + "'"));
    const temporary_file empty("");
    BOOST_TEST(contains(complaint(empty.name()), empty.name()));
    const temporary_file key(local_server().private_key);
    BOOST_TEST(contains(complaint(key.name()), key.name()));
    BOOST_CHECK_THROW(static_cast<void>(tls_trust::ca_pem("")), boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
