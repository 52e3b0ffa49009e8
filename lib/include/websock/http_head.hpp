// What the heads of HTTP requests and responses have in common: two words of the start line, and
// the header fields (RFC 7230 §3.2). All of it is kept in one string: a server holds a head for
// each of its connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace websock {

/// One header field; both views live as long as the head that they are from, unchanged.
struct header_field {
    std::string_view name;
    std::string_view value;
};

/// The base of `request` and `http_response`. Reading is safe from any thread.
class http_head {
public:
    /// Appends a field; a name may occur several times. Invalidates all views into the head. Throws
    /// std::length_error if the head is over 4 GiB.
    void add_field(std::string_view name, std::string_view value);

    /// Makes room for `count` fields more, whose names and values have `size` bytes in all.
    void reserve_fields(std::size_t count, std::size_t size);

    /// How many fields there are.
    [[nodiscard]] std::size_t field_count() const noexcept { return fields_.size(); }
    /// The field at `index` (< field_count()), in the order sent.
    [[nodiscard]] header_field field(std::size_t index) const noexcept;
    /// The first field of that name (any case), if there is one.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// How many fields have that name (any case).
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

protected:
    http_head() noexcept = default;
    /// Two variable parts of the start line: method and target, or the reason and nothing.
    http_head(std::string_view first, std::string_view second);

    [[nodiscard]] std::string_view start_line_first() const noexcept;
    [[nodiscard]] std::string_view start_line_second() const noexcept;

private:
    struct field_place {
        std::uint32_t offset;
        std::uint32_t name_size;
        std::uint32_t value_size;
    };

    [[nodiscard]] bool is_named(const field_place& place, std::string_view name) const noexcept;

    std::string head_;  // both parts of the start line, then name and value of each field
    std::vector<field_place> fields_;
    std::uint32_t first_size_ = 0;
    std::uint32_t second_size_ = 0;
};

}  // namespace websock
