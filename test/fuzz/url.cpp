// URLs: what parses is safe to put into a request, and written out plainly parses again to the
// same. Input: a URL.
#include "protocol/url.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/fuzz_input.hpp"

namespace {

using namespace websock::protocol;
using websock::fuzz::require;

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        result += {'%', digits[octet / 16U], digits[octet % 16U]};
    }
    return result;
}

std::string written(const ws_url& url) {
    std::string text = url.secure ? "wss://" : "ws://";
    if (url.has_credentials)
        text += escaped(url.userinfo_user) + ':' + escaped(url.userinfo_password) + '@';
    return text + url.host_field + url.target;
}

void check_parts(const ws_url& url) {
    require(!url.host.empty() && is_printable(url.host), "the host is printable");
    require(url.host.find_first_of("[]@/?#%\\") == std::string::npos, "the host is a host only");
    require(url.host_field.find_first_of("@/?#%\\") == std::string::npos, "so is the Host field");
    require(url.host_field.find(url.host) != std::string::npos, "the Host field names the host");
    require(url.target.starts_with('/') && is_printable(url.target), "the target is printable");
    require(url.target.find('#') == std::string::npos, "there is no fragment");
    require(url.port != 0, "there is a port");
    require(url.userinfo_user.find(':') == std::string::npos, "the user holds no colon");
    require(is_printable(basic_credentials(url.userinfo_user, url.userinfo_password).substr(6)),
            "credentials are one word");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string shown = without_credentials(text);
    require(std::ranges::all_of(shown, [](char c) { return c >= ' ' && c <= '~'; }),
            "a log line is printable");
    require(shown.size() <= text.size(), "nothing is added to it");
    const auto url = parse_ws_url(text);
    if (!url) {
        require(shown.find('@') == std::string::npos, "nothing before an '@' is shown");
        return 0;
    }
    check_parts(*url);
    const auto again = parse_ws_url(written(*url));
    require(again.has_value() && *again == *url, "parses again to the same");
    const auto logged = parse_ws_url(shown);
    require(logged.has_value() && !logged->has_credentials, "what is logged is the same URL");
    require(logged->host_field == url->host_field && logged->target == url->target,
            "but for its credentials");
    return 0;
}
