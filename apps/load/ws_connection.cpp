#include "ws_connection.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <functional>
#include <utility>

namespace load_app {
namespace {

using failure_handler = std::function<void(const std::string& kind, const std::string& what)>;

std::string kind_of(const websock::connect_error& e) {
    if (e.code() == websock::condition::timeout) {
        return "timeout";
    }
    const bool answered = e.response().status() != 0;
    return answered || e.code() == websock::condition::handshake_failed ? "handshake" : "connect";
}

// Success is told by the callbacks. Catches everything.
websock::awaitable<void> connect(std::string url, websock::handlers callbacks,
                                 websock::client_options options, failure_handler failed) {
    std::string kind;
    std::string what;
    try {
        const websock::connection peer =
            co_await websock::connect(std::move(url), std::move(callbacks), std::move(options));
        co_return;
    } catch (const websock::connect_error& e) {
        kind = kind_of(e);
        what = e.what();
    } catch (const std::exception& e) {
        kind = "connect";
        what = e.what();
    }
    failed(kind, what);
}

std::string describe(const websock::close_info& how) {
    std::string text = how.reason;
    if (how.ec) {
        text += (text.empty() ? "" : "; ") + how.ec.message();
    }
    return text;
}

}  // namespace

void ws_connection::dial(const std::string& url) {
    state_ = state::dialing;
    began_ = clock::now();
    failure_handler failed = [this](const std::string& kind, const std::string& what) {
        state_ = state::gone;
        whole_.failed(kind, what);
        on_failure();
    };
    boost::asio::co_spawn(whole_.context(), connect(url, callbacks(), options(), std::move(failed)),
                          boost::asio::detached);
}

// Nothing of the client's own may disturb the load: no pings, and reading never stops. What ends a
// connection that hangs is the run's own --timeout.
websock::client_options ws_connection::options() const {
    const settings& chosen = whole_.chosen();
    websock::client_options result;
    result.trust = chosen.trust;
    result.executor_is_serial = true;  // one thread runs the part's io_context
    result.connection.deflate.enabled = chosen.deflate;
    result.connection.handshake_timeout = chosen.timeout;
    result.connection.close_timeout = chosen.timeout;
    result.connection.write_timeout = std::chrono::milliseconds(0);
    result.connection.ping_interval = std::chrono::milliseconds(0);
    result.connection.idle_timeout = std::chrono::milliseconds(0);
    constexpr std::size_t mebibyte = 1024 * 1024;
    result.connection.max_message_size = 2 * chosen.size + 16 * mebibyte;
    result.connection.max_fragments = 1 << 20;
    result.connection.max_outbox_size =
        std::max(64 * mebibyte, 2 * chosen.depth * (chosen.size + 64));
    result.connection.outbox_high_water = 2 * result.connection.max_outbox_size;
    return result;
}

websock::handlers ws_connection::callbacks() {
    websock::handlers result;
    result.on_open = [this](websock::connection& peer) { connected(peer); };
    result.on_message = [this](websock::connection&, websock::message_view view) {
        on_message(view);
    };
    result.on_close = [this](websock::connection&, const websock::close_info& how) {
        disconnected(how);
    };
    return result;
}

void ws_connection::connected(websock::connection& peer) {
    peer_ = peer;
    executor_ = peer.get_executor();
    state_ = state::open;
    whole_.opened(clock::now() - began_);
    if (whole_.chosen().deflate && !peer.extensions().starts_with("permessage-deflate")) {
        whole_.failed("handshake", "the server does not agree to permessage-deflate");
    }
    on_open();
}

void ws_connection::disconnected(const websock::close_info& how) {
    if (state_ == state::gone) {
        return;
    }
    if (state_ == state::open || !how.clean) {
        const std::string code = std::to_string(static_cast<unsigned>(how.code));
        whole_.failed("closed " + code, describe(how));
    }
    leave();
}

void ws_connection::say_goodbye() {
    if (state_ == state::open) {
        state_ = state::closing;
        peer_.request_close();
    }
}

void ws_connection::abandon() {
    if (state_ == state::open || state_ == state::closing) {
        peer_.request_close(websock::close_code::going_away);
        leave();
    }
}

void ws_connection::leave() {
    state_ = state::gone;
    whole_.ended();
    on_end();
}

}  // namespace load_app
