// One thread's part of a run: it has an io_context of its own, and every Nth connection. The main
// thread leads it through open, begin, (stop,) close; each mode says what that means for it.
//
//   main thread      command()s, and looks at status(); in between it is the first part's thread
//   part's thread    everything else; a part shares nothing that is written with another
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "opener.hpp"
#include "options.hpp"
#include "tally.hpp"

namespace load_app {

/// When a run begins, when what is sent begins to count, and when sending ends.
struct timetable {
    time_point start;
    time_point measure;
    time_point end;
};

class part {
public:
    part(const settings& chosen, std::size_t number);
    part(const part&) = delete;
    part& operator=(const part&) = delete;
    virtual ~part();

    /// The steps of a run, on the part's thread.
    virtual void open() = 0;
    virtual void begin(const timetable& times) = 0;
    virtual void stop() = 0;  ///< sends, or opens, no more
    virtual void close() = 0;

    /// Gives it a thread of its own.
    void launch();
    /// Or lends it the calling thread for that long; it is always the same one.
    void run_for(std::chrono::nanoseconds time);
    /// Ends it, whatever is under way.
    void halt();
    /// Calls `step` on the part's thread.
    template <class Step>
    void command(Step step);

    [[nodiscard]] const progress& status() const noexcept { return status_; }
    /// Once halted.
    [[nodiscard]] const tally& counted() const noexcept { return tally_; }

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
    [[nodiscard]] const settings& chosen() const noexcept { return chosen_; }

    // What connections tell of themselves.
    void opened(std::chrono::nanoseconds took);
    void failed(const std::string& kind, const std::string& what);
    void ended();

protected:
    [[nodiscard]] progress& live() noexcept { return status_; }
    [[nodiscard]] tally& counts() noexcept { return tally_; }
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    /// How many of the run's connections are this part's: number, number + threads, …
    [[nodiscard]] std::size_t share() const noexcept;
    [[nodiscard]] std::size_t global_index(std::size_t index) const noexcept {
        return number_ + index * chosen_.threads;
    }
    /// This part's share of something that there is so much of in all.
    [[nodiscard]] std::uint64_t share_of(std::uint64_t all) const noexcept;
    [[nodiscard]] opener& gate() noexcept { return opener_; }
    /// Every connection has been told to close.
    void closing();

private:
    void run();

    const settings& chosen_;
    const std::size_t number_;
    boost::asio::io_context context_;
    boost::asio::steady_timer pause_;
    opener opener_;
    tally tally_;
    progress status_;
    bool closing_ = false;
    std::thread thread_;
};

template <class Step>
void part::command(Step step) {
    boost::asio::post(context_, std::move(step));
}

}  // namespace load_app
