// Every limit and every timeout, with its default. Sizes are bytes. A timeout of zero is off (but
// for drain_timeout); all are on by default, and none depends on a `receive` being pending.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace websock {

/// permessage-deflate (RFC 7692). An aggregate. What is agreed on with a peer may be narrower than
/// what is asked for here; a peer that does not know the extension is talked to without it.
struct deflate_options {
    /// Accept the extension as a server, offer it as a client.
    bool enabled = false;
    /// zlib's compression level, 1 (fast) to 9 (small).
    int level = 6;
    /// zlib's memory level, 1 to 9: memory of a compressor, beside its window.
    int memory_level = 8;
    /// Base-2 logarithm of the largest LZ77 window that the server compresses with, 9 to 15; a
    /// server declines an offer that asks for 8, which zlib cannot keep to.
    int server_max_window_bits = 15;
    /// The same for the client's direction, 8 to 15. A server can ask for less than 15 only if the
    /// client's offer allows it (§7.1.2.2); a client that is told 8 sends uncompressed.
    int client_max_window_bits = 15;
    /// The server compresses each message by itself. Without context takeover a direction keeps no
    /// memory between messages, and compresses less well.
    bool server_no_context_takeover = false;
    /// The client compresses each message by itself.
    bool client_no_context_takeover = false;
    /// Messages of fewer bytes are sent uncompressed, unless they ask for compression. Only where
    /// each message is compressed by itself: with context takeover every message improves the next.
    std::size_t threshold = 64;
    /// Silence after which a connection with context takeover gives its compressor back, and keeps
    /// of its decompressor only the window. Its next message is compressed as if it were the first.
    /// Zero: never.
    std::chrono::milliseconds release_after{5'000};
};

/// Limits and timeouts of one connection. An aggregate: `connection_options{.idle_timeout = 5s}`.
struct connection_options {
    /// Largest message, after reassembly and decompression; a larger one fails the connection with
    /// 1009, decompression stops there.
    std::size_t max_message_size = 1024 * 1024;
    /// Most fragments in one message, empty ones counted; more fail the connection with 1008.
    std::size_t max_fragments = 16'384;

    /// Largest request head; more is answered with 431.
    std::size_t max_header_bytes = 16 * 1024;
    /// Most header fields; more are answered with 431.
    std::size_t max_header_fields = 100;
    /// Longest line of the head; a longer request line is answered with 414, another line with 431.
    std::size_t max_header_line = 8 * 1024;

    /// Received messages waiting for `receive`: above this many bytes reading stops, and TCP pushes
    /// back on the peer. One message is always taken, however large.
    std::size_t inbox_high_water = 1024 * 1024;
    /// Queued output: above this many bytes `send` waits, and reading stops in the callback style.
    /// Both go on when half of it has left.
    std::size_t outbox_high_water = 1024 * 1024;
    /// Queued output beyond which `try_send` refuses. One message is always taken by an empty
    /// outbox.
    std::size_t max_outbox_size = 64 * 1024 * 1024;

    /// From accept (or connect) to the end of the opening handshake, TLS included.
    std::chrono::milliseconds handshake_timeout{10'000};
    /// Silence of the peer after which it is sent a ping.
    std::chrono::milliseconds ping_interval{25'000};
    /// Silence of the peer after which the connection ends, with 1001. Not counted while reading is
    /// stopped for back-pressure.
    std::chrono::milliseconds idle_timeout{60'000};
    /// How long the closing handshake, and the peer's end of TCP after it, are waited for.
    std::chrono::milliseconds close_timeout{5'000};
    /// How long a write may make no progress at all; then the connection is cut.
    std::chrono::milliseconds write_timeout{30'000};

    deflate_options deflate;
};

/// What is agreed on per route.
struct route_options {
    /// Subprotocols that this route speaks; the first one in the client's order is agreed on
    /// (RFC 6455 §4.2.2). If there is none in common, none is agreed on.
    std::vector<std::string> subprotocols;
};

enum class log_level : std::uint8_t { debug, info, warning, error };

/// Called with one line, without a line end, from any of the server's threads, possibly at once.
/// Must not throw and must not block.
using log_sink = std::function<void(log_level, std::string_view)>;

/// Options of a `server`.
struct server_options {
    /// For each connection.
    connection_options connection;
    /// Threads that `run` uses, its caller's included; 0 stands for one per core. Each has an
    /// io_context and listening sockets of its own; a connection never changes its thread.
    std::size_t threads = 1;
    /// Most connections at once; never more than RLIMIT_NOFILE − 64. More are answered with 503.
    std::size_t max_connections = 10'000;
    /// How long `run` lets connections end after a signal or `stop`; what is left is then cut. Zero
    /// cuts at once.
    std::chrono::milliseconds drain_timeout{10'000};
    /// `run` handles SIGINT and SIGTERM: it stops as if by `stop`.
    bool handle_signals = true;
    /// Length of the queue of connections that wait to be accepted.
    int backlog = 4096;
    /// Where the server's log lines go; none are written without it.
    log_sink log;
};

}  // namespace websock
