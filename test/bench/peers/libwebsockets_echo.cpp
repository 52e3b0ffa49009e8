// An echo on libwebsockets, as its minimal-ws-server-echo has it: what arrives is queued as it
// comes (a message is several pieces if it is larger than the buffer), and one piece is written
// each time the library says that the socket takes one. Tuned: larger buffers, libuv's loop where
// the library has it, and a piece is written at once if nothing waits.
#include <libwebsockets.h>

#include <csignal>
#include <deque>
#include <utility>
#include <vector>

#include "peer.hpp"

namespace {

struct piece {
    std::vector<unsigned char> bytes;  // LWS_PRE bytes of room, then the payload
    bool text;
    bool first;
    bool last;
};

constexpr std::size_t most_queued = 64;  // then reading stops until half of them have left

struct session {
    std::deque<piece> queue;
    bool stopped = false;
};

bool tuned = false;  // read-only once the server runs

bool write(lws* wsi, unsigned char* payload, std::size_t size, const piece& how) {
    const int kind = lws_write_ws_flags(how.text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY,
                                        static_cast<int>(how.first), static_cast<int>(how.last));
    return lws_write(wsi, payload, size, static_cast<lws_write_protocol>(kind)) >=
           static_cast<int>(size);
}

int received(lws* wsi, session& of, const unsigned char* from, std::size_t size) {
    piece next{{},
               lws_frame_is_binary(wsi) == 0,
               lws_is_first_fragment(wsi) != 0,
               lws_is_final_fragment(wsi) != 0};
    if (tuned && of.queue.empty() && lws_partial_buffered(wsi) == 0) {
        static std::vector<unsigned char> shared;
        shared.resize(LWS_PRE);
        shared.insert(shared.end(), from, from + size);
        return write(wsi, shared.data() + LWS_PRE, size, next) ? 0 : -1;
    }
    next.bytes.resize(LWS_PRE);
    next.bytes.insert(next.bytes.end(), from, from + size);
    of.queue.push_back(std::move(next));
    lws_callback_on_writable(wsi);
    if (!of.stopped && of.queue.size() >= most_queued) {
        of.stopped = true;
        lws_rx_flow_control(wsi, 0);
    }
    return 0;
}

int writeable(lws* wsi, session& of) {
    while (!of.queue.empty()) {
        piece now = std::move(of.queue.front());
        of.queue.pop_front();
        if (!write(wsi, now.bytes.data() + LWS_PRE, now.bytes.size() - LWS_PRE, now)) {
            return -1;
        }
        if (!tuned || lws_partial_buffered(wsi) != 0) {
            break;
        }
    }
    if (!of.queue.empty()) {
        lws_callback_on_writable(wsi);
    }
    if (of.stopped && of.queue.size() <= most_queued / 2) {
        of.stopped = false;
        lws_rx_flow_control(wsi, 1);
    }
    return 0;
}

int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t size) {
    auto** const slot = static_cast<session**>(user);
    switch (reason) {
        case LWS_CALLBACK_ESTABLISHED:
            *slot = new session;
            return 0;
        case LWS_CALLBACK_CLOSED:
            delete std::exchange(*slot, nullptr);
            return 0;
        case LWS_CALLBACK_RECEIVE:
            return received(wsi, **slot, static_cast<const unsigned char*>(in), size);
        case LWS_CALLBACK_SERVER_WRITEABLE:
            return writeable(wsi, **slot);
        default:
            return 0;
    }
}

void serve(const bench::settings& chosen) {
    tuned = chosen.tuned;
    lws_set_log_level(LLL_ERR, nullptr);
    const std::size_t buffer = tuned ? 64 * 1024 : 32 * 1024;
    lws_protocols protocols[2]{};
    protocols[0].name = "echo";
    protocols[0].callback = on_event;
    protocols[0].per_session_data_size = sizeof(session*);
    protocols[0].rx_buffer_size = buffer;

    lws_context_creation_info info{};
    info.port = chosen.port;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.pt_serv_buf_size = static_cast<unsigned>(buffer);
    // The library checks text only when asked; all other peers do, as RFC 6455 wants it.
    info.options = LWS_SERVER_OPTION_HTTP_HEADERS_SECURITY_BEST_PRACTICES_ENFORCE |
                   LWS_SERVER_OPTION_VALIDATE_UTF8;
#ifdef LWS_WITH_LIBUV
    if (tuned) {
        info.options |= LWS_SERVER_OPTION_LIBUV;
    }
#endif
    if (chosen.tls) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = chosen.certificate.c_str();
        info.ssl_private_key_filepath = chosen.key.c_str();
    }
    lws_context* const context = lws_create_context(&info);
    if (context == nullptr) {
        throw std::runtime_error("lws_create_context failed");
    }
    static_cast<void>(std::signal(SIGTERM, SIG_DFL));  // libuv's loop takes signals, and then hangs
    bench::announce();
    while (lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
}

}  // namespace

int main(int argc, char** argv) { return bench::run(argc, argv, serve); }
