// Leads a run from the main thread, which is the first part's thread, too: starts the parts, takes
// them through its steps, samples the server's process, shows progress, and adds up. Every step has
// an end: of its own, by --timeout, or by SIGINT; a second SIGINT ends all at once.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <vector>

#include "fanout_part.hpp"
#include "figures.hpp"
#include "part.hpp"
#include "payload.hpp"
#include "process_stats.hpp"
#include "progress_line.hpp"

namespace load_app {

class conductor {
public:
    /// Takes SIGINT and SIGTERM over for the process.
    explicit conductor(const settings& chosen);

    [[nodiscard]] figures run();

private:
    struct sample {
        std::optional<cpu_sample> server;
        std::chrono::nanoseconds own{};
        std::uint64_t received = 0;
    };

    void open_all();
    void send_all();
    void close_all();
    void add_up();

    [[nodiscard]] sample take_sample() const;
    void note_costs(const sample& before, const sample& after);
    void note_server(const cpu_sample& before, const cpu_sample& after, std::uint64_t rss,
                     std::uint64_t received);
    [[nodiscard]] std::unique_ptr<part> make_part(std::size_t number);

    template <class Step>
    void tell_all(Step step);
    [[nodiscard]] bool all(std::atomic<bool> progress::* flag) const;
    [[nodiscard]] std::uint64_t sum(std::atomic<std::uint64_t> progress::* number) const;
    /// Runs the first part until that time, or until all parts have that; less long when signalled.
    void wait(time_point limit, std::atomic<bool> progress::* flag);

    const settings& chosen_;
    payload_set messages_;
    fanout_room room_;
    std::vector<std::unique_ptr<part>> parts_;
    progress_line line_;
    sigset_t signals_{};
    int signalled_ = 0;
    timetable times_{};
    time_point stopped_{};
    std::optional<cpu_sample> server_before_;  // before the first connection
    std::optional<std::uint64_t> rss_before_;
    figures result_;
};

}  // namespace load_app
