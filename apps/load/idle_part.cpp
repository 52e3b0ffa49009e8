#include "idle_part.hpp"

namespace load_app {

idle_part::idle_part(const settings& chosen, std::size_t number)
    : part(chosen, number), timer_(context()) {}

idle_part::~idle_part() { halt(); }

void idle_part::open() {
    for (std::size_t i = 0; i < share(); ++i) {
        connections_.push_back(std::make_unique<idler>(*this));
    }
    gate().start(
        connections_.size(), [this](std::size_t i) { connections_[i]->dial(chosen().server.url); },
        [this] { live().opened = true; });
}

void idle_part::begin(const timetable& times) {
    timer_.expires_at(times.end);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            stop();
        }
    });
}

void idle_part::stop() {
    gate().stop();
    live().finished = true;
}

void idle_part::close() {
    for (const auto& each : connections_) {
        each->say_goodbye();
    }
    closing();
}

}  // namespace load_app
