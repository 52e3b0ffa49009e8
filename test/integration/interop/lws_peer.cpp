// The peer libwebsockets: `lws_peer client|server --name value ...`, see README.md. Not part of the
// CMake build: the matrix compiles it where libwebsockets-dev is installed.
// libwebsockets calls us back from its one service loop; there is one connection in a process.
#include <libwebsockets.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <string>
#include <vector>

#include "programme.hpp"

namespace {

constexpr std::size_t fragment_size = 32768;
constexpr int call_me_not_again = -1;  // ends the connection with what lws_close_reason set

struct outgoing {
    bool text;
    std::string content;
    std::size_t sent = 0;
};

class peer {
public:
    peer(const interop::options& chosen, bool is_client) : chosen_(chosen), is_client_(is_client) {
        if (is_client_) {
            sizes_ = interop::sizes(static_cast<std::size_t>(chosen.number("messages")),
                                    static_cast<std::size_t>(chosen.number("largest")));
        }
    }

    int on(lws* wsi, lws_callback_reasons reason, void* in, std::size_t size) {
        switch (reason) {
            case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
                return keep_response(wsi);
            case LWS_CALLBACK_CLIENT_ESTABLISHED:
            case LWS_CALLBACK_ESTABLISHED:
                return opened(wsi);
            case LWS_CALLBACK_CLIENT_RECEIVE:
            case LWS_CALLBACK_RECEIVE:
                return received(wsi, {static_cast<char*>(in), size});
            case LWS_CALLBACK_CLIENT_WRITEABLE:
            case LWS_CALLBACK_SERVER_WRITEABLE:
                return writeable(wsi);
            case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
                return closed_by_peer({static_cast<char*>(in), size});
            case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
                seen.problem = in != nullptr ? static_cast<char*>(in) : "could not connect";
                done = true;
                return 0;
            case LWS_CALLBACK_CLIENT_CLOSED:
            case LWS_CALLBACK_CLOSED:
                done = true;
                return 0;
            default:
                return 0;
        }
    }

    interop::report seen;
    bool done = false;

private:
    // The server's half of the opening handshake; what a server agreed to cannot be asked for.
    int keep_response(lws* wsi) {
        std::array<char, 256> value{};
        if (lws_hdr_copy(wsi, value.data(), value.size(), WSI_TOKEN_EXTENSIONS) > 0) {
            seen.extensions = value.data();
        }
        return 0;
    }

    int opened(lws* wsi) {
        // Setting an option succeeds only where the extension is in use.
        const bool active =
            lws_set_extension_option(wsi, "permessage-deflate", "rx_buf_size", "14") == 0;
        if (active) {
            lws_set_extension_option(wsi, "permessage-deflate", "tx_buf_size", "17");
        }
        if (!is_client_) {
            seen.extensions = active ? "permessage-deflate; *" : "";
        } else if (active == seen.extensions.empty()) {
            seen.problem = "the extension is not in use as agreed";
        }
        lws_callback_on_writable(wsi);
        return 0;
    }

    int received(lws* wsi, std::string_view part) {
        tcp_info info{};
        socklen_t length = sizeof info;
        if (getsockopt(lws_get_socket_fd(wsi), IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
            seen.wire_in = static_cast<std::size_t>(info.tcpi_bytes_received);
        }
        incoming_ += part;
        if (lws_is_final_fragment(wsi) == 0 || lws_remaining_packet_payload(wsi) != 0) {
            return 0;
        }
        const bool text = lws_frame_is_binary(wsi) == 0;
        std::string content;
        content.swap(incoming_);
        lws_callback_on_writable(wsi);
        if (const int code = interop::close_wish(text, content)) {
            close_code_ = code;
            return 0;
        }
        if (is_client_) {
            return take_echo(text, content);
        }
        seen.sum.add(text, content);
        outbox_.push_back({text, std::move(content)});
        return 0;
    }

    int take_echo(bool text, const std::string& content) {
        const std::size_t index = seen.sum.messages;
        if (index >= sizes_.size() || text != interop::is_text(index) ||
            content != interop::payload(index, sizes_[index])) {
            seen.problem = "the echo of message " + std::to_string(index) + " differs";
            return call_me_not_again;
        }
        seen.sum.add(text, content);
        return 0;
    }

    int writeable(lws* wsi) {
        if (is_client_ && outbox_.empty()) {
            next_of_programme();
        }
        if (outbox_.empty()) {
            return close_code_ != 0 ? close(wsi) : 0;
        }
        outgoing& whole = outbox_.front();
        const std::size_t size = std::min(fragment_size, whole.content.size() - whole.sent);
        std::vector<unsigned char> buffer(LWS_PRE + size);
        std::memcpy(buffer.data() + LWS_PRE, whole.content.data() + whole.sent, size);
        const bool last = whole.sent + size == whole.content.size();
        const int flags = lws_write_ws_flags(whole.text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY,
                                             whole.sent == 0, last);
        if (lws_write(wsi, buffer.data() + LWS_PRE, size, static_cast<lws_write_protocol>(flags)) <
            0) {
            seen.problem = "lws_write failed";
            return call_me_not_again;
        }
        whole.sent += size;
        if (last) {
            outbox_.pop_front();
        }
        lws_callback_on_writable(wsi);
        return 0;
    }

    void next_of_programme() {
        if (next_ < sizes_.size()) {
            outbox_.push_back({interop::is_text(next_), interop::payload(next_, sizes_[next_])});
            ++next_;
        } else if (seen.sum.messages == sizes_.size() && !asked_) {
            asked_ = true;
            if (chosen_.text("closer") == "server") {
                outbox_.push_back({true, "close " + chosen_.text("code")});
            } else {
                close_code_ = chosen_.number("code");
            }
        }
    }

    int close(lws* wsi) {
        std::string text = is_client_ ? "Gr\u00fc\u00dfe" : "as asked";
        lws_close_reason(wsi, static_cast<lws_close_status>(close_code_),
                         reinterpret_cast<unsigned char*>(text.data()), text.size());
        return call_me_not_again;
    }

    // libwebsockets answers with the same code. It does not tell the answer to our own Close.
    int closed_by_peer(std::string_view frame) {
        if (frame.size() >= 2) {
            seen.code =
                static_cast<unsigned char>(frame[0]) << 8 | static_cast<unsigned char>(frame[1]);
            seen.reason = frame.substr(2);
        }
        seen.clean = true;
        return 0;
    }

    const interop::options& chosen_;
    bool is_client_;
    std::vector<std::size_t> sizes_;
    std::size_t next_ = 0;
    bool asked_ = false;
    int close_code_ = 0;
    std::string incoming_;
    std::deque<outgoing> outbox_;
};

int callback(lws* wsi, lws_callback_reasons reason, void*, void* in, std::size_t size) {
    auto* const context = wsi != nullptr ? lws_get_context(wsi) : nullptr;
    auto* const self = context != nullptr ? static_cast<peer*>(lws_context_user(context)) : nullptr;
    return self != nullptr ? self->on(wsi, reason, in, size) : 0;
}

std::string offer(const interop::options& chosen) {
    std::string text = "permessage-deflate";
    for (const std::string side : {"server", "client"}) {
        if (chosen.on(side + "-no-context-takeover")) {
            text += "; " + side + "_no_context_takeover";
        }
        if (chosen.has(side + "-max-window-bits")) {
            text += "; " + side + "_max_window_bits=" + chosen.text(side + "-max-window-bits");
        } else if (side == "client") {
            text += "; client_max_window_bits";
        }
    }
    return text;
}

// "ws://127.0.0.1:8888/ws"
void connect(lws_context* context, const interop::options& chosen) {
    std::string url = chosen.text("url");
    const char *scheme = nullptr, *host = nullptr, *path = nullptr;
    int port = 0;
    if (lws_parse_uri(url.data(), &scheme, &host, &port, &path) != 0) {
        throw std::invalid_argument("not a URL");
    }
    const std::string rooted = std::string("/") + path;
    lws_client_connect_info info{};
    info.context = context;
    info.address = info.host = info.origin = host;
    info.port = port;
    info.path = rooted.c_str();
    if (chosen.has("ca")) {
        info.ssl_connection = LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    }
    if (lws_client_connect_via_info(&info) == nullptr) {
        throw std::runtime_error("cannot connect");
    }
}

int run(const interop::options& chosen, bool is_client) {
    lws_set_log_level(LLL_ERR, nullptr);
    peer self(chosen, is_client);
    const std::string offered = offer(chosen);
    const std::array<lws_extension, 2> extensions{
        {{"permessage-deflate", lws_extension_callback_pm_deflate, offered.c_str()}, {}}};
    const std::array<lws_protocols, 2> protocols{{{"echo", callback, 0, 65536, 0, nullptr, 0}, {}}};
    lws_context_creation_info info{};
    info.port = is_client ? CONTEXT_PORT_NO_LISTEN : 0;
    info.iface = is_client ? nullptr : "127.0.0.1";
    info.protocols = protocols.data();
    info.extensions = chosen.on("deflate") ? extensions.data() : nullptr;
    info.user = &self;
    info.gid = info.uid = static_cast<decltype(info.gid)>(-1);
    info.pt_serv_buf_size = 65536;
    if (chosen.has("ca") || chosen.has("cert")) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    }
    if (chosen.has("ca")) {
        info.client_ssl_ca_filepath = chosen.text("ca").c_str();
    }
    if (chosen.has("cert")) {
        info.ssl_cert_filepath = chosen.text("cert").c_str();
        info.ssl_private_key_filepath = chosen.text("key").c_str();
    }
    lws_context* const context = lws_create_context(&info);
    if (context == nullptr) {
        throw std::runtime_error("no context");
    }
    if (is_client) {
        connect(context, chosen);
    } else {
        const int port = lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default"));
        std::printf("{\"port\": %d}\n", port);
        std::fflush(stdout);
    }
    while (!self.done && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    self.seen.print();
    return self.seen.problem.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(interop::options(argc, argv), argc > 1 && std::string_view(argv[1]) == "client");
    } catch (const std::exception& e) {
        static_cast<void>(std::fprintf(stderr, "lws_peer: %s\n", e.what()));
        return 1;
    }
}
