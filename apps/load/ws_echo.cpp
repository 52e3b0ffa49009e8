#include "ws_echo.hpp"

#include <utility>

namespace load_app {

ws_echo::ws_echo(echo_part& whole, std::size_t number)
    : ws_connection(whole),
      whole_(whole),
      kind_(whole.chosen().payload == payload_kind::binary ? websock::message_kind::binary
                                                           : websock::message_kind::text),
      check_(whole.chosen().verify_every),
      next_out_(number),
      next_in_(number) {}

void ws_echo::send(time_point when) {
    times().push(when);
    on_strand([this] {
        const auto payload = whole_.messages()[next_out_++];
        const auto ec = peer().try_send(websock::message_view(kind_, payload));
        if (ec == websock::error::outbox_full) {
            whole_.failed("overrun", "64 MiB queued on a connection; it is given up");
            abandon();
        }
    });
}

// The hot path: one reply in, one message out, one look at the clock.
void ws_echo::on_message(websock::message_view view) {
    const time_point now = clock::now();
    if (!is_up()) {
        return;
    }
    if (times().empty()) {
        whole_.failed("unexpected message", "more replies than messages");
        return;
    }
    const time_point sent = times().pop();
    if (is_right(view)) {
        whole_.replied(sent, now);
    }
    if (whole_.wants_next(now)) {
        send_now(now);
    } else {
        whole_.rest();
    }
}

// What cannot be sent any more is told by the connection's end, which follows.
void ws_echo::send_now(time_point when) {
    times().push(when);
    const auto payload = whole_.messages()[next_out_++];
    static_cast<void>(peer().try_send(websock::message_view(kind_, payload)));
}

bool ws_echo::is_right(websock::message_view view) {
    const auto expected = whole_.messages()[next_in_++];
    const bool look = check_.next();
    if (view.kind() != kind_) {
        whole_.failed("wrong kind", view.is_text() ? "text, not binary" : "binary, not text");
    } else if (view.size() != expected.size()) {
        whole_.failed("wrong length", std::to_string(view.size()) + " bytes, not " +
                                          std::to_string(expected.size()));
    } else if (look && view.text() != expected) {
        whole_.failed("wrong content", "other bytes than those sent");
    } else {
        return true;
    }
    return false;
}

void ws_echo::on_end() {
    const std::size_t outstanding = in_flight();
    while (!times().empty()) {
        times().pop();
    }
    whole_.lost(outstanding);
}

}  // namespace load_app
