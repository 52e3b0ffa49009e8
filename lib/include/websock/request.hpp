// The HTTP request that opened a connection (RFC 6455 §4.1), and the plain HTTP answer that a page
// gives. A request keeps its whole head in one string: a server holds one per connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace websock {

/// One header field; both views live as long as the request.
struct header_field {
    std::string_view name;
    std::string_view value;
};

/// An HTTP request's head. Immutable once a handler sees it, so safe to read from any thread.
class request {
public:
    request() noexcept = default;
    /// `version` is 11 for HTTP/1.1.
    request(std::string_view method, std::string_view target, unsigned version);

    /// Appends a field; a name may occur several times.
    void add_field(std::string_view name, std::string_view value);

    [[nodiscard]] std::string_view method() const noexcept;
    /// The request target as sent, with its query.
    [[nodiscard]] std::string_view target() const noexcept;
    /// The target up to its '?', not decoded.
    [[nodiscard]] std::string_view path() const noexcept;
    /// What follows the first '?', not decoded; empty without one.
    [[nodiscard]] std::string_view query() const noexcept;
    /// 11 for HTTP/1.1.
    [[nodiscard]] unsigned version() const noexcept { return version_; }
    /// How many fields there are.
    [[nodiscard]] std::size_t field_count() const noexcept { return fields_.size(); }
    /// The field at `index` (< field_count()), in the order sent.
    [[nodiscard]] header_field field(std::size_t index) const noexcept;
    /// The first field of that name (any case), if there is one.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// How many fields have that name (any case).
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

private:
    struct field_place {
        std::uint32_t offset;
        std::uint32_t name_size;
        std::uint32_t value_size;
    };

    std::string head_;  // method, target, then name and value of each field
    std::vector<field_place> fields_;
    std::uint32_t method_size_ = 0;
    std::uint32_t target_size_ = 0;
    unsigned version_ = 0;
};

/// A fixed answer to GET and HEAD on a route that is not a WebSocket.
struct page {
    std::string body;
    std::string content_type = "text/html; charset=utf-8";
};

}  // namespace websock
