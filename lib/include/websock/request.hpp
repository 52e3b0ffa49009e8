// The HTTP request that opened a connection (RFC 6455 §4.1), and the plain HTTP answer that a page
// gives.
#pragma once

#include <string>
#include <string_view>
#include <websock/http_head.hpp>

namespace websock {

/// An HTTP request's head. Immutable once a handler sees it, so safe to read from any thread.
class request : public http_head {
public:
    request() noexcept = default;
    /// `version` is 11 for HTTP/1.1. Throws std::length_error if the head is over 4 GiB.
    request(std::string_view method, std::string_view target, unsigned version);

    [[nodiscard]] std::string_view method() const noexcept { return start_line_first(); }
    /// The request target as sent, with its query.
    [[nodiscard]] std::string_view target() const noexcept { return start_line_second(); }
    /// The target up to its '?', not decoded.
    [[nodiscard]] std::string_view path() const noexcept;
    /// What follows the first '?', not decoded; empty without one.
    [[nodiscard]] std::string_view query() const noexcept;
    /// 11 for HTTP/1.1.
    [[nodiscard]] unsigned version() const noexcept { return version_; }

private:
    unsigned version_ = 0;
};

/// A fixed answer to GET and HEAD on a route that is not a WebSocket.
struct page {
    std::string body;
    std::string content_type = "text/html; charset=utf-8";
};

}  // namespace websock
