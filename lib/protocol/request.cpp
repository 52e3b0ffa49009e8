// The request's own part of its head: the request line.
#include <websock/request.hpp>

namespace websock {

request::request(std::string_view method, std::string_view target, unsigned version)
    : http_head(method, target), version_(version) {}

std::string_view request::path() const noexcept { return target().substr(0, target().find('?')); }

std::string_view request::query() const noexcept {
    const std::size_t mark = target().find('?');
    return mark == std::string_view::npos ? std::string_view() : target().substr(mark + 1);
}

}  // namespace websock
