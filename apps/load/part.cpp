#include "part.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <exception>

namespace load_app {
namespace {

// Only the part's thread touches what is on the context; others post to it, or stop it.
#ifdef BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO
constexpr int concurrency_hint = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;
#else
constexpr int concurrency_hint = 1;
#endif

}  // namespace

part::part(const settings& chosen, std::size_t number)
    : chosen_(chosen),
      number_(number),
      context_(concurrency_hint),
      pause_(context_),
      opener_(context_, chosen, number) {}

part::~part() { halt(); }

void part::launch() {
    thread_ = std::thread([this] { run(); });
}

// Not io_context::run_for(), which runs handlers one by one, at a higher price.
void part::run_for(std::chrono::nanoseconds time) {
    context_.restart();
    pause_.expires_after(time);
    pause_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            context_.stop();
        }
    });
    run();
}

void part::halt() {
    context_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void part::run() {
    const auto guard = boost::asio::make_work_guard(context_);
    while (!context_.stopped()) {
        try {
            context_.run();
        } catch (const std::exception& e) {
            failed("internal", e.what());
        }
    }
}

void part::opened(std::chrono::nanoseconds took) {
    tally_.handshakes.record(took);
    bump(status_.open);
}

void part::failed(const std::string& kind, const std::string& what) {
    tally_.fail(kind, what);
    bump(status_.errors);
}

void part::ended() {
    const std::uint64_t open = status_.open.load(std::memory_order_relaxed) - 1;
    status_.open.store(open, std::memory_order_relaxed);
    if (closing_ && open == 0) {
        status_.closed = true;
    }
}

void part::closing() {
    closing_ = true;
    if (status_.open.load(std::memory_order_relaxed) == 0) {
        status_.closed = true;
    }
}

std::size_t part::share() const noexcept { return share_of(chosen_.connections); }

std::uint64_t part::share_of(std::uint64_t all) const noexcept {
    return all / chosen_.threads + (number_ < all % chosen_.threads ? 1 : 0);
}

}  // namespace load_app
