// Messages (RFC 6455 §5.6): `message` owns its payload, `message_view` looks at somebody else's.
// The kind, text or binary, travels with the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace websock {

enum class message_kind : std::uint8_t {
    text = 1,    ///< UTF-8; received text has been validated
    binary = 2,  ///< any bytes
};

/// Whether a message is compressed, where permessage-deflate has been agreed on.
enum class compression : std::uint8_t {
    automatic,  ///< by deflate_options::threshold
    yes,        ///< even below the threshold
    no,         ///< the payload is compressed already, or secret (README, "Compression")
};

/// How a message is sent. (Constructors, not an aggregate: see the g++ 12 note in lib/README.md.)
class send_options {
public:
    send_options(websock::compression compress = compression::automatic) noexcept  // NOLINT
        : compress_(compress) {}

    [[nodiscard]] websock::compression compress() const noexcept { return compress_; }

private:
    websock::compression compress_;
};

namespace detail {
class message_memory;  // the library's own: makes messages of memory that has been used before
}

/// A message that owns its payload. Cheap to move.
///
/// What is sent as text must be UTF-8 (RFC 6455 §5.6); websock does not check it again, since a
/// peer that is handed invalid text fails the connection with 1007.
class message {
public:
    /// An empty text message.
    message() noexcept = default;
    /// A text message with the UTF-8 in `text`.
    message(std::string text) : message(message_kind::text, std::move(text)) {}  // NOLINT
    message(std::string_view text) : message(std::string(text)) {}               // NOLINT
    message(const char* text) : message(std::string(text)) {}                    // NOLINT
    /// A message of either kind; `payload` holds the bytes.
    message(message_kind kind, std::string payload)
        : payload_(std::make_unique<std::string>(std::move(payload))), kind_(kind) {}
    /// A binary message with a copy of `bytes`.
    explicit message(std::span<const std::byte> bytes)
        : message(message_kind::binary,
                  std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())) {}

    message(const message& other)
        : payload_(other.payload_ ? std::make_unique<std::string>(*other.payload_) : nullptr),
          kind_(other.kind_) {}
    message(message&&) noexcept = default;
    message& operator=(const message& other) { return *this = message(other); }
    message& operator=(message&&) noexcept = default;
    ~message() = default;

    [[nodiscard]] message_kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_text() const noexcept { return kind_ == message_kind::text; }
    [[nodiscard]] bool is_binary() const noexcept { return kind_ == message_kind::binary; }
    /// Payload size in bytes.
    [[nodiscard]] std::size_t size() const noexcept { return text().size(); }
    [[nodiscard]] bool empty() const noexcept { return text().empty(); }
    /// The payload as characters, whatever the kind. Valid as long as this message is unchanged,
    /// and as what it has been moved to.
    [[nodiscard]] std::string_view text() const noexcept {
        return payload_ ? std::string_view(*payload_) : std::string_view();
    }
    /// The payload as bytes; valid as text() is.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::as_bytes(std::span(text()));
    }
    /// Moves the payload out; the message is empty afterwards.
    [[nodiscard]] std::string take() noexcept {
        return payload_ ? std::move(*std::exchange(payload_, nullptr)) : std::string();
    }

    friend bool operator==(const message& a, const message& b) noexcept {
        return a.kind_ == b.kind_ && a.text() == b.text();
    }

private:
    friend class detail::message_memory;

    // Behind a pointer, so that moving a message is next to nothing, and its memory can be used
    // again.
    std::unique_ptr<std::string> payload_;
    message_kind kind_ = message_kind::text;
};

/// A message whose payload belongs to somebody else; as short-lived as that.
class message_view {
public:
    /// A view of `text` as a text message.
    message_view(std::string_view text) noexcept  // NOLINT(*-explicit-*)
        : bytes_(std::as_bytes(std::span(text))) {}
    message_view(const char* text) noexcept  // NOLINT(*-explicit-*)
        : message_view(std::string_view(text)) {}
    /// A view of `whole`, which must outlive it.
    message_view(const message& whole) noexcept  // NOLINT(*-explicit-*)
        : bytes_(whole.bytes()), kind_(whole.kind()) {}
    message_view(message_kind kind, std::span<const std::byte> bytes) noexcept
        : bytes_(bytes), kind_(kind) {}
    message_view(message_kind kind, std::string_view payload) noexcept
        : bytes_(std::as_bytes(std::span(payload))), kind_(kind) {}

    [[nodiscard]] message_kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_text() const noexcept { return kind_ == message_kind::text; }
    [[nodiscard]] bool is_binary() const noexcept { return kind_ == message_kind::binary; }
    /// Payload size in bytes.
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
    }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
    /// Copies the payload into a message of its own.
    [[nodiscard]] message to_message() const { return {kind_, std::string(text())}; }

private:
    std::span<const std::byte> bytes_;
    message_kind kind_ = message_kind::text;
};

}  // namespace websock
