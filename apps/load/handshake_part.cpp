#include "handshake_part.hpp"

#include <algorithm>

namespace load_app {

handshake_part::handshake_part(const settings& chosen, std::size_t number)
    : part(chosen, number),
      limited_(chosen.count > 0),
      left_(share_of(chosen.count)),
      timer_(context()) {}

handshake_part::~handshake_part() { halt(); }

void handshake_part::begin(const timetable& times) {
    times_ = times;
    busy_ = share();
    timer_.expires_at(times_.start);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) {
            return;
        }
        for (std::size_t i = 0; i < share(); ++i) {
            slots_.push_back(std::make_unique<slot>(*this));
            slots_.back()->go_on();
        }
    });
}

void handshake_part::stop() { times_.end = std::min(times_.end, clock::now()); }

void handshake_part::close() {
    for (const auto& each : slots_) {
        each->say_goodbye();
    }
    closing();
}

bool handshake_part::take_turn(time_point now) noexcept {
    if (now >= times_.end || (limited_ && now >= times_.measure && left_ == 0)) {
        return false;
    }
    if (limited_ && now >= times_.measure) {
        --left_;
    }
    return true;
}

void handshake_part::slot::go_on() {
    if (whole_.take_turn(clock::now())) {
        dial(whole_.chosen().server.url);
    } else if (--whole_.busy_ == 0) {
        whole_.live().finished = true;
    }
}

void handshake_part::slot::on_open() {
    const time_point now = clock::now();
    if (began() >= whole_.times_.measure) {
        whole_.counts().latency.record(now - began());
        whole_.counts().last = now;
    }
    bump(whole_.live().received);
    say_goodbye();
}

}  // namespace load_app
