#include "target.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace load_app {
namespace {

constexpr std::array schemes{
    std::pair{"ws://", url_scheme::ws}, std::pair{"wss://", url_scheme::wss},
    std::pair{"tcp://", url_scheme::tcp}, std::pair{"tls://", url_scheme::tls}};

bool is_number(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Host and port of "tcp://host:port" or "tcp://[::1]:port"; the port must be there.
void read_authority(target& result, std::string_view rest) {
    if (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    const std::size_t colon = rest.rfind(':');
    std::string_view host = rest.substr(0, colon);
    const std::string_view port =
        colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    if (host.size() > 2 && host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host.find_first_of("@/") != std::string_view::npos || port.empty() ||
        !is_number(port) || port.size() > 5 || std::stoul(std::string(port)) > 65535) {
        throw std::invalid_argument(result.shown + " is not HOST:PORT after its scheme");
    }
    result.host = host;
    result.port = port;
}

// How much of a URL, behind its "://", is user and password with their '@'. An '@' behind the
// authority belongs to the path; but not where the port is no number: there it follows a password
// with a '/' or '?' that should have been encoded.
std::size_t size_of_credentials(std::string_view rest) noexcept {
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    const std::size_t begin = authority.rfind('@') + 1;  // npos + 1 is 0
    const std::string_view place = authority.substr(begin);
    const std::size_t colon = place.rfind(':');
    const bool sound = colon == std::string_view::npos || place.ends_with(']') ||
                       is_number(place.substr(colon + 1));
    return sound ? begin : rest.rfind('@') + 1;
}

}  // namespace

target read_url(const std::string& url) {
    if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; })) {
        throw std::invalid_argument("URL may hold only printable ASCII, others as %XX");
    }
    for (const auto& [prefix, scheme] : schemes) {
        if (url.starts_with(prefix)) {
            target result{.url = url,
                          .shown = without_credentials(url),
                          .scheme = scheme,
                          .host = {},
                          .port = {}};
            if (result.is_raw()) {
                read_authority(result,
                               std::string_view(url).substr(std::string_view(prefix).size()));
            }
            return result;
        }
    }
    throw std::invalid_argument("URL must begin with ws://, wss://, tcp:// or tls://, not " +
                                without_credentials(url));
}

std::string without_credentials(std::string text) {
    constexpr std::string_view mark = "://";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
        at += mark.size();
        const std::string_view rest = std::string_view(text).substr(at);
        text.erase(at, size_of_credentials(rest.substr(0, rest.find_first_of(" \n"))));
    }
    return text;
}

}  // namespace load_app
