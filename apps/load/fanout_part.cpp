#include "fanout_part.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>

#include "pace.hpp"

namespace load_app {
namespace {

// Before deliveries and the main thread have their turn again.
constexpr std::size_t most_at_once = 1000;

}  // namespace

fanout_part::fanout_part(const settings& chosen, std::size_t number, fanout_room& room)
    : part(chosen, number),
      room_(room),
      kind_(chosen.payload == payload_kind::binary ? websock::message_kind::binary
                                                   : websock::message_kind::text),
      watch_timer_(context()),
      due_timer_(context()),
      left_(chosen.count == 0 ? std::numeric_limits<std::uint64_t>::max() : chosen.count) {
    if (number == 0) {
        room_.publishing = this;
    }
}

fanout_part::~fanout_part() { halt(); }

void fanout_part::open() {
    for (std::size_t i = 0; i < share(); ++i) {
        connections_.push_back(std::make_unique<receiver>(*this, chosen().verify_every));
    }
    const bool publishes = room_.publishing == this;
    if (publishes) {
        publisher_ = std::make_unique<publisher>(*this);
    }
    gate().start(
        connections_.size() + (publishes ? 1 : 0),
        [this](std::size_t i) {
            if (i < connections_.size()) {
                connections_[i]->dial(chosen().server.url);
            } else {
                publisher_->dial(chosen().publish.url);
            }
        },
        [this] { live().opened = true; });
}

void fanout_part::begin(const timetable& times) {
    times_ = times;
    keep_watch();
    if (!publisher_) {
        live().finished = true;  // the publisher's part knows when all is delivered
        return;
    }
    due_timer_.expires_at(times_.start);
    due_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            start_publishing();
        }
    });
}

void fanout_part::stop() {
    gate().stop();
    times_.end = time_point::min();  // nor what is overdue
    finish_if_done();
}

void fanout_part::close() {
    if (publisher_ && publisher_->is_up() && receivers_ > 0 && chosen().rate > 0 &&
        !is_over(due_)) {
        failed(behind, behind_text);
    }
    due_timer_.cancel();
    watch_timer_.cancel();
    for (const auto& each : connections_) {
        each->say_goodbye();
    }
    if (publisher_) {
        publisher_->say_goodbye();
    }
    closing();
}

void fanout_part::keep_watch() {
    watch_timer_.expires_after(std::clamp<clock::duration>(
        chosen().timeout / 20, std::chrono::milliseconds(10), std::chrono::milliseconds(500)));
    watch_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) {
            return;
        }
        const time_point now = clock::now();
        for (const auto& each : connections_) {
            each->watch(now);
        }
        finish_if_done();
        keep_watch();
    });
}

// ---- receivers

void fanout_part::receiver::on_open() {
    whole_.room_.publishing->command([to = whole_.room_.publishing] { to->joined(); });
    whole_.gate().settled();
}

void fanout_part::receiver::on_end() {
    whole_.room_.publishing->command(
        [to = whole_.room_.publishing, first = next_] { to->left(first); });
}

void fanout_part::receiver::on_message(websock::message_view view) {
    const time_point now = clock::now();
    if (!is_up()) {
        return;
    }
    if (!catch_up(view)) {
        return;
    }
    const std::uint64_t number = next_++;
    const time_point sent = whole_.room_.board.when(number);
    if (is_right(view, number, check_.next())) {
        if (sent >= whole_.times_.measure) {
            whole_.counts().latency.record(now - sent);
            whole_.counts().last = now;
        }
        bump(whole_.live().received);
    }
    count_off(number);
}

// By the message's own number: skips what has been lost. False if it is not one to come.
bool fanout_part::receiver::catch_up(websock::message_view view) {
    const std::uint64_t published = whole_.room_.board.published();
    if (next_ == published) {
        whole_.failed("unexpected message", "one that has come before, or was never published");
        return false;
    }
    std::uint32_t told = static_cast<std::uint32_t>(next_);
    if (view.size() >= number_size && view.size() == whole_.room_.messages.size()) {
        const std::string_view digits = view.text().substr(0, number_size);
        std::from_chars(std::to_address(digits.begin()), std::to_address(digits.end()), told, 16);
    }
    const std::uint32_t ahead = told - static_cast<std::uint32_t>(next_);
    if (ahead >= fanout_board::capacity) {
        whole_.failed("unexpected message", "one that has come before, or was never published");
        return false;
    }
    if (ahead >= published - next_) {
        return true;  // no number that was published: its content is wrong
    }
    for (std::uint32_t i = 0; i < ahead; ++i) {
        whole_.failed("lost", "a message was left out");
        count_off(next_++);
    }
    return true;
}

bool fanout_part::receiver::is_right(websock::message_view view, std::uint64_t number, bool look) {
    const std::string_view expected = whole_.room_.messages[number];
    if (view.kind() != whole_.kind_) {
        whole_.failed("wrong kind", view.is_text() ? "text, not binary" : "binary, not text");
    } else if (view.size() != expected.size()) {
        whole_.failed("wrong length", std::to_string(view.size()) + " bytes, not " +
                                          std::to_string(expected.size()));
    } else if (look && expected.size() >= number_size &&
               view.text().substr(number_size) != expected.substr(number_size)) {
        whole_.failed("wrong content", "other bytes than those published");
    } else {
        return true;
    }
    return false;
}

void fanout_part::receiver::count_off(std::uint64_t number) {
    if (whole_.room_.board.arrived(number)) {
        whole_.room_.publishing->command([to = whole_.room_.publishing] { to->delivered(); });
    }
}

void fanout_part::receiver::watch(time_point now) {
    const fanout_board& board = whole_.room_.board;
    if (is_up() && next_ < board.published() && now - board.when(next_) > whole_.chosen().timeout) {
        whole_.failed("timeout", "a message did not come in time; the connection is given up");
        abandon();
    }
}

// ---- the publisher

void fanout_part::publisher::publish(std::uint64_t number) {
    on_strand([this, number] {
        text_ = whole_.room_.messages[number];
        if (text_.size() >= number_size) {
            constexpr std::string_view digits = "0123456789abcdef";
            for (std::size_t i = 0; i < number_size; ++i) {
                text_[i] = digits[(number >> (4 * (number_size - 1 - i))) & 0xF];
            }
        }
        static_cast<void>(peer().try_send(websock::message_view(whole_.kind_, text_)));
    });
}

void fanout_part::left(std::uint64_t first_missing) {
    --receivers_;
    const std::uint64_t end = room_.board.published();  // delivered() may publish more
    for (std::uint64_t i = first_missing; i < end; ++i) {
        if (room_.board.arrived(i)) {
            delivered();
        }
    }
    finish_if_done();
}

void fanout_part::delivered() {
    ++delivered_;
    if (chosen().rate <= 0) {
        publish(clock::now());
    }
    finish_if_done();
}

void fanout_part::start_publishing() {
    if (chosen().rate > 0) {
        due_ = times_.start;
        publish_due();
        return;
    }
    for (std::size_t i = 0; i < chosen().depth; ++i) {
        if (!publish(clock::now())) {
            break;
        }
    }
    finish_if_done();
}

void fanout_part::publish_due() {
    const time_point now = clock::now();
    for (std::size_t n = 0; n < most_at_once && due_ <= now && !is_over(due_); ++n) {
        publish(due_);
        due_ = turn_at(times_.start, ++due_number_, chosen().rate);
    }
    if (!is_over(due_)) {
        due_timer_.expires_at(due_);
        due_timer_.async_wait([this](const boost::system::error_code& ec) {
            if (!ec) {
                publish_due();
            }
        });
    }
    finish_if_done();
}

bool fanout_part::publish(time_point when) {
    if (is_over(when) || receivers_ == 0 || !publisher_->is_up()) {
        return false;
    }
    if (!room_.board.has_room()) {
        failed("overrun", "16384 messages under way: message not sent");
        return false;
    }
    if (when >= times_.measure) {
        --left_;
        ++counts().published;
    }
    publisher_->publish(room_.board.publish(when, receivers_));
    return true;
}

bool fanout_part::is_over(time_point now) const noexcept { return now >= times_.end || left_ == 0; }

void fanout_part::finish_if_done() {
    const time_point now = clock::now();
    if (!publisher_ || now < times_.start) {
        return;
    }
    const bool all_sent = is_over(now) && (chosen().rate <= 0 || is_over(due_));
    const bool over = all_sent || receivers_ == 0 || !publisher_->is_up();
    if (over && delivered_ == room_.board.published()) {
        live().finished = true;
    }
}

}  // namespace load_app
