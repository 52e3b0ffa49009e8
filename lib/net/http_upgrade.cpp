#include "http_upgrade.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <ctime>
#include <limits>

namespace websock::net {

error_code parse_request_head(std::span<const std::byte> bytes, request& head) {
    namespace http = boost::beast::http;
    http::request_parser<http::empty_body> parser;
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // head_scanner has judged it
    parser.body_limit(boost::none);
    parser.skip(true);
    boost::beast::error_code ec;
    parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
    if (ec || !parser.is_header_done()) {
        return error::bad_request;
    }
    const auto& parsed = parser.get();
    const auto method = parsed.method_string();
    const auto target = parsed.target();
    head =
        request({method.data(), method.size()}, {target.data(), target.size()}, parsed.version());
    for (const auto& field : parsed) {
        const auto name = field.name_string();
        const auto value = field.value();
        head.add_field({name.data(), name.size()}, {value.data(), value.size()});
    }
    return {};
}

std::string http_date() {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t now = std::time(nullptr);
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

}  // namespace websock::net
