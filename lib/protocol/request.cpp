// The request's head: one string with everything in it, and the places of the fields in it.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <websock/request.hpp>

#include "http_tokens.hpp"

namespace websock {
namespace {

/// Places in the head are 32 bits wide; heads are limited to far less (max_header_bytes).
std::uint32_t to_place(std::size_t value) {
    if (value > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("websock::request: the head is too large");
    return static_cast<std::uint32_t>(value);
}

}  // namespace

request::request(std::string_view method, std::string_view target, unsigned version)
    : method_size_(to_place(method.size())),
      target_size_(to_place(target.size())),
      version_(version) {
    head_.reserve(method.size() + target.size());
    head_ += method;
    head_ += target;
}

void request::add_field(std::string_view name, std::string_view value) {
    fields_.push_back({to_place(head_.size()), to_place(name.size()), to_place(value.size())});
    head_ += name;
    head_ += value;
}

std::string_view request::method() const noexcept {
    return std::string_view(head_).substr(0, method_size_);
}

std::string_view request::target() const noexcept {
    return std::string_view(head_).substr(method_size_, target_size_);
}

std::string_view request::path() const noexcept { return target().substr(0, target().find('?')); }

std::string_view request::query() const noexcept {
    const std::size_t mark = target().find('?');
    return mark == std::string_view::npos ? std::string_view() : target().substr(mark + 1);
}

header_field request::field(std::size_t index) const noexcept {
    const field_place& place = fields_[index];
    const auto text = std::string_view(head_).substr(place.offset);
    return {text.substr(0, place.name_size), text.substr(place.name_size, place.value_size)};
}

// RFC 7230 §3.2: "Each header field consists of a case-insensitive field name".
std::optional<std::string_view> request::header(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < field_count(); ++i)
        if (protocol::iequals(field(i).name, name))
            return field(i).value;
    return std::nullopt;
}

std::size_t request::count(std::string_view name) const noexcept {
    std::size_t found = 0;
    for (std::size_t i = 0; i < field_count(); ++i)
        found += protocol::iequals(field(i).name, name) ? 1 : 0;
    return found;
}

}  // namespace websock
