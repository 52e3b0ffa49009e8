// What our two ends of the interop matrix share: options of a connection, and how it was seen.
#pragma once

#include <websock/websock.hpp>

#include "programme.hpp"

namespace interop {

inline websock::connection_options connection_options(const options& chosen) {
    websock::connection_options made;
    made.max_message_size = 16 * 1024 * 1024;  // exactly the programme's largest
    websock::deflate_options& deflate = made.deflate;
    deflate.enabled = chosen.on("deflate");
    deflate.server_no_context_takeover = chosen.on("server-no-context-takeover");
    deflate.client_no_context_takeover = chosen.on("client-no-context-takeover");
    if (chosen.has("server-max-window-bits")) {
        deflate.server_max_window_bits = chosen.number("server-max-window-bits");
    }
    if (chosen.has("client-max-window-bits")) {
        deflate.client_max_window_bits = chosen.number("client-max-window-bits");
    }
    return made;
}

/// Adds how the connection ended; it must have.
inline void note_end(report& seen, const websock::connection& peer) {
    const websock::close_info end = peer.close_info();
    seen.extensions = peer.extensions();
    seen.code = static_cast<int>(end.code);
    seen.reason = end.reason;
    seen.clean = end.clean;
    if (end.ec) {
        seen.problem = end.ec.message();
    }
}

}  // namespace interop
