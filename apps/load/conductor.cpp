#include "conductor.hpp"

#include <pthread.h>
#include <algorithm>
#include <string>

#include "echo_part.hpp"
#include "handshake_part.hpp"
#include "idle_part.hpp"
#include "raw_echo.hpp"

namespace load_app {
namespace {

using namespace std::chrono_literals;

// From the command to begin until all parts begin together.
constexpr auto lead = 50ms;
// What a step may take beyond the deadlines of its connections.
constexpr auto grace = 2s;

payload_set make_messages(const settings& chosen) {
    const bool echo = chosen.mode == run_mode::echo;
    return {chosen.payload, !echo ? 0 : chosen.size + (chosen.server.is_raw() ? raw_overhead : 0)};
}

payload_set make_published(const settings& chosen) {
    return {chosen.payload, chosen.mode == run_mode::fanout ? chosen.size : 0, number_size};
}

const char* name_of(std::atomic<bool> progress::* flag) {
    return flag == &progress::opened   ? "opening"
           : flag == &progress::closed ? "closing"
                                       : "running";
}

}  // namespace

conductor::conductor(const settings& chosen)
    : chosen_(chosen),
      messages_(make_messages(chosen)),
      room_{.messages = make_published(chosen), .board = {}, .publishing = nullptr},
      line_(chosen) {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // the threads inherit it
}

figures conductor::run() {
    if (chosen_.pid != 0) {
        server_before_ = sample_cpu(chosen_.pid);
        rss_before_ = resident_bytes(chosen_.pid);
    }
    for (std::size_t i = 0; i < chosen_.threads; ++i) {
        parts_.push_back(make_part(i));
    }
    // The first part is run by wait(): with one part there is one thread, for which libc and the
    // kernel leave out much that is a matter of threads.
    for (std::size_t i = 1; i < parts_.size(); ++i) {
        parts_[i]->launch();
    }
    open_all();
    if (signalled_ == 0) {
        send_all();
    }
    close_all();
    add_up();
    line_.clear();
    return std::move(result_);
}

std::unique_ptr<part> conductor::make_part(std::size_t number) {
    switch (chosen_.mode) {
        case run_mode::handshake:
            return std::make_unique<handshake_part>(chosen_, number);
        case run_mode::fanout:
            return std::make_unique<fanout_part>(chosen_, number, room_);
        case run_mode::idle:
            return std::make_unique<idle_part>(chosen_, number);
        case run_mode::echo:
            break;
    }
    return std::make_unique<echo_part>(chosen_, number, messages_);
}

// Each connection has its own deadline, so this ends by itself.
void conductor::open_all() {
    tell_all([](part& each) { each.open(); });
    wait(time_point::max(), &progress::opened);
    if (signalled_ > 0) {
        tell_all([](part& each) { each.stop(); });
        wait(clock::now() + chosen_.timeout + grace, &progress::opened);
    }
}

void conductor::send_all() {
    times_.start = clock::now() + lead;
    times_.measure = times_.start + chosen_.warmup;
    times_.end = times_.measure + chosen_.duration;
    tell_all([times = times_](part& each) { each.begin(times); });
    wait(times_.measure, &progress::finished);
    const sample before = take_sample();
    if (signalled_ == 0) {
        wait(times_.end, &progress::finished);
    }
    stopped_ = std::min(clock::now(), times_.end);
    note_costs(before, take_sample());
    result_.open_connections = sum(&progress::open);
    if (signalled_ > 0) {
        tell_all([](part& each) { each.stop(); });
    }
    const int before_drain = signalled_;
    const time_point limit = clock::now() + 2 * chosen_.timeout + grace;
    while (signalled_ == before_drain && clock::now() < limit && !all(&progress::finished)) {
        wait(limit, &progress::finished);
    }
}

void conductor::close_all() {
    if (signalled_ > 1) {
        return;
    }
    tell_all([](part& each) { each.close(); });
    wait(clock::now() + chosen_.timeout + grace, &progress::closed);
}

void conductor::add_up() {
    for (const auto& each : parts_) {
        each->halt();
    }
    for (const auto& each : parts_) {
        result_.counted.merge(each->counted());
    }
    const std::uint64_t left = sum(&progress::open);
    if (left > 0 && signalled_ < 2) {
        result_.counted.errors["not closed"] = {left, "still open at the end of the run"};
    }
    // With --count the run may have been over long before its end was seen.
    const bool by_count = chosen_.count > 0 && stopped_ < times_.end && signalled_ == 0;
    const time_point last = result_.counted.last;
    const time_point end = by_count && last != time_point() ? last : std::max(last, stopped_);
    result_.seconds = std::max(0.0, std::chrono::duration<double>(end - times_.measure).count());
    result_.interrupted = signalled_ > 0;
}

// ---- the server's costs

conductor::sample conductor::take_sample() const {
    return {.server = chosen_.pid != 0 ? sample_cpu(chosen_.pid) : std::nullopt,
            .own = own_cpu(),
            .received = sum(&progress::received)};
}

void conductor::note_costs(const sample& before, const sample& after) {
    const std::uint64_t received = after.received - before.received;
    if (received > 0) {
        result_.own_cpu_us_per_message =
            std::chrono::duration<double, std::micro>(after.own - before.own).count() /
            static_cast<double>(received);
    }
    if (chosen_.pid == 0) {
        return;
    }
    const std::optional<std::uint64_t> rss = resident_bytes(chosen_.pid);
    const std::optional<cpu_sample> last = sample_cpu(chosen_.pid);  // the memory was still its own
    const bool complete =
        server_before_ && rss_before_ && before.server && after.server && rss && last;
    if (complete && are_of_one_process(*server_before_, *last)) {
        note_server(*before.server, *after.server, *rss, received);
    } else {
        result_.counted.fail("server process", "process " + std::to_string(chosen_.pid) +
                                                   " (--pid) has ended: its costs are unknown");
    }
}

void conductor::note_server(const cpu_sample& before, const cpu_sample& after, std::uint64_t rss,
                            std::uint64_t received) {
    const cpu_used used = between(before, after);
    const auto per_message = [received](double us) {
        return received > 0 ? std::optional(us / static_cast<double>(received)) : std::nullopt;
    };
    server_figures server{.cpu_us_per_message = per_message(used.total_us),
                          .user_us_per_message = per_message(used.user_us),
                          .system_us_per_message = per_message(used.system_us),
                          .rss_before = *rss_before_,
                          .rss = rss,
                          .rss_per_connection = {}};
    if (const auto open = static_cast<double>(sum(&progress::open)); open > 0) {
        server.rss_per_connection =
            (static_cast<double>(server.rss) - static_cast<double>(server.rss_before)) / open;
    }
    result_.server = server;
}

// ---- the parts

template <class Step>
void conductor::tell_all(Step step) {
    for (const auto& each : parts_) {
        each->command([to = each.get(), step] { step(*to); });
    }
}

bool conductor::all(std::atomic<bool> progress::* flag) const {
    return std::ranges::all_of(parts_,
                               [flag](const auto& each) { return (each->status().*flag).load(); });
}

std::uint64_t conductor::sum(std::atomic<std::uint64_t> progress::* number) const {
    std::uint64_t result = 0;
    for (const auto& each : parts_) {
        result += (each->status().*number).load();
    }
    return result;
}

void conductor::wait(time_point limit, std::atomic<bool> progress::* flag) {
    constexpr std::chrono::nanoseconds step = 10ms;
    const int signalled_before = signalled_;
    for (time_point now = clock::now(); now < limit && !all(flag); now = clock::now()) {
        line_.show(name_of(flag), sum(&progress::open), sum(&progress::received),
                   sum(&progress::errors));
        parts_.front()->run_for(std::min(step, limit - now));
        constexpr timespec at_once{};
        if (::sigtimedwait(&signals_, nullptr, &at_once) > 0) {
            ++signalled_;
        }
        if (signalled_ != signalled_before) {
            return;
        }
    }
}

}  // namespace load_app
