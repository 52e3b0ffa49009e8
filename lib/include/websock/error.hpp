// What can go wrong, as std-style error codes: one `error` enum, and `condition`s to compare with.
// No exception leaves the protocol layer; public coroutines throw boost::system::system_error with
// one of these (or with an Asio / OpenSSL code of the transport).
#pragma once

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace websock {

using error_code = boost::system::error_code;

/// One value for each way in which a connection or a call can fail.
enum class error {
    // Frames (RFC 6455 §5.2, §5.4, §5.5); the connection is failed with 1002.
    reserved_bits = 1,        ///< an RSV bit set that no agreed extension owns
    reserved_opcode,          ///< opcode 3–7 or 11–15
    fragmented_control,       ///< control frame without FIN
    oversized_control,        ///< control frame with more than 125 bytes
    unmasked_frame,           ///< a client's frame without a mask
    masked_frame,             ///< a server's frame with a mask
    non_minimal_length,       ///< length not in its shortest form
    length_overflow,          ///< 64-bit length with its top bit set
    unexpected_continuation,  ///< continuation with no message under way
    expected_continuation,    ///< new data frame inside a fragmented message
    // Closing handshake (§5.5.1, §7.4); 1002.
    bad_close_payload,  ///< Close payload of exactly one byte
    bad_close_code,     ///< a code that must not appear on the wire
    // Payload (§8.1); 1007.
    invalid_utf8,     ///< text or close reason that is not UTF-8
    bad_compression,  ///< a compressed payload that is no DEFLATE data (RFC 7692 §7.2.2)
    // Limits.
    message_too_big,     ///< over max_message_size; 1009
    too_many_fragments,  ///< over max_fragments; 1008
    // Opening handshake (§4.2); answered with an HTTP status.
    bad_request,           ///< 400: malformed, or not a valid upgrade
    not_found,             ///< 404: no such route
    method_not_allowed,    ///< 405
    request_timeout,       ///< 408: no complete request before handshake_timeout
    target_too_long,       ///< 414: request line over max_header_line
    upgrade_required,      ///< 426: not a WebSocket request, or another version than 13
    header_too_large,      ///< 431: over max_header_bytes, max_header_fields or max_header_line
    over_capacity,         ///< 503: over max_connections
    bad_upgrade_response,  ///< client: the server's answer does not complete the handshake
    upgrade_declined,      ///< client: the server answered with another status than 101
    // Time.
    handshake_timeout,  ///< no 101 within handshake_timeout
    idle_timeout,       ///< not one byte from the peer within idle_timeout
    close_timeout,      ///< the peer did not finish the closing handshake within close_timeout
    write_timeout,      ///< the peer accepted not one byte within write_timeout
    // Use.
    closed,         ///< the connection has ended, or its Close frame has been queued
    outbox_full,    ///< try_send over max_outbox_size
    unclean_close,  ///< the transport ended without a closing handshake
    shut_down,      ///< the server stopped before the connection had ended by itself
    bad_argument,   ///< an argument that could not be put on the wire (a close code, a reason)
};

/// Families of errors, for comparison: `if (ec == websock::condition::timeout)`.
enum class condition {
    protocol_violation = 1,  ///< the peer broke RFC 6455
    handshake_failed,        ///< the opening handshake did not succeed
    timeout,                 ///< any of the deadlines
    limit_exceeded,          ///< any of the configured limits
    closed,                  ///< the connection is over
};

/// Returns the category of `error`. Thread-safe.
const boost::system::error_category& error_category() noexcept;
/// Returns the category of `condition`. Thread-safe.
const boost::system::error_category& condition_category() noexcept;

inline error_code make_error_code(error value) noexcept {
    return {static_cast<int>(value), error_category()};
}

inline boost::system::error_condition make_error_condition(condition value) noexcept {
    return {static_cast<int>(value), condition_category()};
}

}  // namespace websock

template <>
struct boost::system::is_error_code_enum<websock::error> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<websock::condition> : std::true_type {};
