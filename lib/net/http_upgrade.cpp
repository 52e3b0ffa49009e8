#include "http_upgrade.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <ctime>
#include <limits>
#include <string_view>

namespace websock::net {

namespace {

namespace http = boost::beast::http;

std::string_view to_view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// Whether the parser finds a complete head in them. How large it may be has been judged before.
template <bool IsRequest>
bool parse(http::parser<IsRequest, http::empty_body>& parser, std::span<const std::byte> bytes) {
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());
    parser.body_limit(boost::none);
    parser.skip(true);
    boost::beast::error_code ec;
    parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
    return !ec && parser.is_header_done();
}

/// The reason in a status line that Beast has accepted. Beast itself puts its own text in the place
/// of an empty one.
std::string_view reason_of(std::span<const std::byte> head) noexcept {
    constexpr std::size_t before = std::string_view("HTTP/1.1 200 ").size();
    const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    return text.substr(before, text.find('\r') - before);
}

void copy_fields(const http::fields& from, http_head& to) {
    std::size_t count = 0;
    std::size_t size = 0;
    for (const auto& field : from) {
        ++count;
        size += field.name_string().size() + field.value().size();
    }
    to.reserve_fields(count, size);
    for (const auto& field : from) {
        to.add_field(to_view(field.name_string()), to_view(field.value()));
    }
}

}  // namespace

error_code parse_request_head(std::span<const std::byte> bytes, request& head) {
    http::request_parser<http::empty_body> parser;
    if (!parse(parser, bytes)) {
        return error::bad_request;
    }
    const auto& parsed = parser.get();
    head = request(to_view(parsed.method_string()), to_view(parsed.target()), parsed.version());
    copy_fields(parsed, head);
    return {};
}

error_code parse_response_head(std::span<const std::byte> bytes, http_response& head) {
    http::response_parser<http::empty_body> parser;
    if (!parse(parser, bytes)) {
        return error::bad_upgrade_response;
    }
    const auto& parsed = parser.get();
    head = http_response(parsed.result_int(), reason_of(bytes), parsed.version());
    copy_fields(parsed, head);
    return {};
}

namespace {

std::string date_text(std::time_t now) {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    // strftime would take the names from the user's locale.
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                   months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                                   utc.tm_hour, utc.tm_min, utc.tm_sec);
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string http_date() {
    struct dated {
        std::time_t when = 0;
        std::string text = date_text(0);
    };
    static thread_local dated last;
    if (const std::time_t now = std::time(nullptr); now != last.when) {
        last.text = date_text(now);
        last.when = now;
    }
    return last.text;
}

}  // namespace websock::net
