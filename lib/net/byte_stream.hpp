// What a session needs of a transport: calls that never block, and waits for readiness. The bytes
// are the application's (decrypted); the transport's own records and buffers stay inside.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "task.hpp"

namespace websock::net {

using byte_views = std::span<const std::span<const std::byte>>;

/// Views that one write call passes on at most.
inline constexpr std::size_t max_gather = 16;

/// How a transport ends towards the peer.
enum class shutdown_progress : std::uint8_t {
    done,     ///< everything is out, the FIN included
    blocked,  ///< call again when writable
};

template <class Stream>
concept byte_stream = std::movable<Stream> && requires(Stream& s, std::span<std::byte> room,
                                                       byte_views views, error_code& ec) {
    typename Stream::executor_type;
    { Stream::is_secure } -> std::convertible_to<bool>;
    { std::as_const(s).local_endpoint(ec) } -> std::same_as<boost::asio::ip::tcp::endpoint>;
    { std::as_const(s).remote_endpoint(ec) } -> std::same_as<boost::asio::ip::tcp::endpoint>;
    { s.get_executor() } -> std::convertible_to<typename Stream::executor_type>;
    /// The transport's own handshake (TLS).
    { s.handshake() } -> std::same_as<task<error_code>>;
    /// Reads at least one byte, or sets `ec`: would_block, eof, or what broke.
    { s.read_some(room, ec) } -> std::same_as<std::size_t>;
    /// More may be had without waiting.
    { s.has_buffered_input() } -> std::same_as<bool>;
    /// Takes at least one byte, or sets `ec`: would_block or what broke.
    { s.write_some(views, ec) } -> std::same_as<std::size_t>;
    /// Passes on what write_some took; would_block while some of it is left.
    { s.flush(ec) };
    /// Ends our direction after all that was written: close_notify where there is TLS, then FIN.
    { s.shutdown_send(ec) } -> std::same_as<shutdown_progress>;
    /// Reads whatever the peer still sends and throws it away; sets `ec` as read_some does.
    { s.discard_some(room, ec) };
    { s.close() };
    /// Await them; they give an error_code.
    s.wait_readable();
    s.wait_writable();
};

[[nodiscard]] inline bool would_block(const error_code& ec) noexcept {
    return ec && (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again);
}

}  // namespace websock::net
