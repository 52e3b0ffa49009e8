// The two error categories of websock/error.hpp: what each error is called, and which conditions it
// belongs to (it may be several).
#include <array>
#include <cstddef>
#include <string>
#include <websock/error.hpp>

namespace websock {
namespace {

struct error_text {
    error value;
    const char* text;
};

constexpr std::array error_texts{
    error_text{error::reserved_bits, "a frame has a reserved bit set"},
    error_text{error::reserved_opcode, "a frame has a reserved opcode"},
    error_text{error::fragmented_control, "a control frame is fragmented"},
    error_text{error::oversized_control, "a control frame has more than 125 bytes of payload"},
    error_text{error::unmasked_frame, "a frame from a client is not masked"},
    error_text{error::masked_frame, "a frame from a server is masked"},
    error_text{error::non_minimal_length, "a frame's length is not in its shortest form"},
    error_text{error::length_overflow, "a frame's 64-bit length has its top bit set"},
    error_text{error::unexpected_continuation,
               "a continuation frame came with no message under way"},
    error_text{error::expected_continuation, "a new data frame came inside a fragmented message"},
    error_text{error::bad_close_payload, "a Close frame has a payload of one byte"},
    error_text{error::bad_close_code, "a Close frame has a code that must not be on the wire"},
    error_text{error::invalid_utf8, "a text message or close reason is not valid UTF-8"},
    error_text{error::bad_compression, "a compressed message is not valid DEFLATE data"},
    error_text{error::message_too_big, "a message is over the size limit"},
    error_text{error::too_many_fragments, "a message has too many fragments"},
    error_text{error::bad_request, "the request is malformed or not a valid WebSocket upgrade"},
    error_text{error::not_found, "the request's target has no route"},
    error_text{error::method_not_allowed, "the request's method is not allowed"},
    error_text{error::request_timeout, "no complete request arrived in time"},
    error_text{error::target_too_long, "the request line is too long"},
    error_text{error::upgrade_required, "the request asks for no WebSocket of version 13"},
    error_text{error::header_too_large, "the head of a request or response is too large"},
    error_text{error::over_capacity, "the server has too many connections"},
    error_text{error::bad_upgrade_response,
               "the server's response does not complete the opening handshake"},
    error_text{error::upgrade_declined, "the server declined the upgrade"},
    error_text{error::handshake_timeout, "the opening handshake took too long"},
    error_text{error::idle_timeout, "the peer was silent for too long"},
    error_text{error::close_timeout, "the peer did not finish the closing handshake in time"},
    error_text{error::write_timeout, "the peer accepted no data for too long"},
    error_text{error::closed, "the connection is closed or closing"},
    error_text{error::outbox_full, "the outbox is full"},
    error_text{error::unclean_close, "the connection ended without a closing handshake"},
    error_text{error::shut_down, "the server was shut down"},
    error_text{error::bad_argument, "an argument cannot be put on the wire"},
};

/// Every row stands where its value says, so that a value finds its row.
constexpr bool is_in_order() noexcept {
    for (std::size_t i = 0; i < error_texts.size(); ++i)
        if (static_cast<std::size_t>(error_texts[i].value) != i + 1)
            return false;
    return true;
}
static_assert(is_in_order() && error_texts.back().value == error::bad_argument);

const char* text_of(error value) noexcept {
    const auto index = static_cast<std::size_t>(value) - 1;  // 0 and less become large
    return index < error_texts.size() ? error_texts[index].text : "unknown websock error";
}

const char* text_of(condition value) noexcept {
    using enum condition;
    switch (value) {
        case protocol_violation:
            return "the peer violated the WebSocket protocol";
        case handshake_failed:
            return "the opening handshake failed";
        case timeout:
            return "a deadline has passed";
        case limit_exceeded:
            return "a configured limit was exceeded";
        case condition::closed:
            return "the connection is over";
    }
    return "unknown websock condition";
}

bool is_protocol_violation(error value) noexcept {
    return value >= error::reserved_bits && value <= error::bad_compression;
}

bool is_handshake_failure(error value) noexcept {
    return (value >= error::bad_request && value <= error::upgrade_declined) ||
           value == error::handshake_timeout;
}

bool is_timeout(error value) noexcept {
    return (value >= error::handshake_timeout && value <= error::write_timeout) ||
           value == error::request_timeout;
}

bool is_limit_exceeded(error value) noexcept {
    using enum error;
    switch (value) {
        case message_too_big:
        case too_many_fragments:
        case header_too_large:
        case target_too_long:
        case over_capacity:
        case outbox_full:
            return true;
        default:
            return false;
    }
}

bool is_closed(error value) noexcept {
    return value == error::closed || value == error::unclean_close || value == error::shut_down;
}

bool belongs_to(error value, condition family) noexcept {
    using enum condition;
    switch (family) {
        case protocol_violation:
            return is_protocol_violation(value);
        case handshake_failed:
            return is_handshake_failure(value);
        case timeout:
            return is_timeout(value);
        case limit_exceeded:
            return is_limit_exceeded(value);
        case closed:
            return is_closed(value);
    }
    return false;
}

// The numbers identify the categories across shared libraries (Boost.System: random, 64 bits).
class error_category_type final : public boost::system::error_category {
public:
    constexpr error_category_type() noexcept
        : boost::system::error_category(0x6B1E'93D5'02C7'4FA1U) {}

    const char* name() const noexcept override { return "websock"; }
    std::string message(int value) const override { return text_of(static_cast<error>(value)); }
};

class condition_category_type final : public boost::system::error_category {
public:
    constexpr condition_category_type() noexcept
        : boost::system::error_category(0xD40A'7C16'B8E2'935DU) {}

    const char* name() const noexcept override { return "websock.condition"; }
    std::string message(int value) const override { return text_of(static_cast<condition>(value)); }

    using boost::system::error_category::equivalent;
    bool equivalent(const error_code& code, int condition_value) const noexcept override {
        return code.category() == websock::error_category() &&
               belongs_to(static_cast<error>(code.value()),
                          static_cast<condition>(condition_value));
    }
};

constexpr error_category_type the_error_category;
constexpr condition_category_type the_condition_category;

}  // namespace

const boost::system::error_category& error_category() noexcept { return the_error_category; }

const boost::system::error_category& condition_category() noexcept {
    return the_condition_category;
}

}  // namespace websock
