// An HTTP head: one string with everything in it, and the places of the fields in it.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <websock/http_head.hpp>

#include "byte_buffer.hpp"
#include "http_tokens.hpp"

namespace websock {
namespace {

/// Places in the head are 32 bits wide; heads are limited to far less (max_header_bytes).
std::uint32_t to_place(std::size_t value) {
    if (value > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("websock: the HTTP head is too large");
    return static_cast<std::uint32_t>(value);
}

}  // namespace

void http_head::reserve_fields(std::size_t count, std::size_t size) {
    fields_.reserve(fields_.size() + count);
    protocol::reserve_exactly(head_, head_.size() + size);  // it is kept as long as the connection
}

http_head::http_head(std::string_view first, std::string_view second)
    : first_size_(to_place(first.size())), second_size_(to_place(second.size())) {
    head_.reserve(first.size() + second.size());
    head_ += first;
    head_ += second;
}

std::string_view http_head::start_line_first() const noexcept {
    return std::string_view(head_).substr(0, first_size_);
}

std::string_view http_head::start_line_second() const noexcept {
    return std::string_view(head_).substr(first_size_, second_size_);
}

void http_head::add_field(std::string_view name, std::string_view value) {
    fields_.push_back({to_place(head_.size()), to_place(name.size()), to_place(value.size())});
    head_ += name;
    head_ += value;
}

header_field http_head::field(std::size_t index) const noexcept {
    const field_place& place = fields_[index];
    const auto text = std::string_view(head_).substr(place.offset);
    return {text.substr(0, place.name_size), text.substr(place.name_size, place.value_size)};
}

// RFC 7230 §3.2: "Each header field consists of a case-insensitive field name".
bool http_head::is_named(const field_place& place, std::string_view name) const noexcept {
    return place.name_size == name.size() &&
           protocol::iequals(std::string_view(head_).substr(place.offset, place.name_size), name);
}

std::optional<std::string_view> http_head::header(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < field_count(); ++i)
        if (is_named(fields_[i], name))
            return field(i).value;
    return std::nullopt;
}

std::size_t http_head::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields_, [&](const field_place& place) { return is_named(place, name); }));
}

}  // namespace websock
