// Runs bytes through an endpoint, cut as the test likes, and writes down what came of them.
#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "protocol/endpoint.hpp"

namespace websock::test {

/// Where the input is cut into reads.
class cuts {
public:
    static cuts whole() { return cuts(static_cast<std::size_t>(-1), false); }
    static cuts every(std::size_t size) { return cuts(size, false); }
    static cuts random(unsigned seed) {
        cuts result(17, true);
        result.random_.seed(seed);
        return result;
    }

    std::size_t next() { return random_sizes_ ? 1 + random_() % size_ : size_; }

private:
    cuts(std::size_t size, bool random) : size_(size), random_sizes_(random) {}

    std::size_t size_;
    bool random_sizes_;
    std::minstd_rand random_;
};

/// 00 00 00 01, 00 00 00 02, …: a client's masking keys that tests can foretell.
class counting_keys final : public protocol::key_source {
public:
    protocol::masking_key next_key() override {
        ++count_;
        return {std::byte{0}, std::byte{0}, std::byte{0}, static_cast<std::byte>(count_)};
    }

private:
    unsigned count_ = 0;
};

/// What a session would do with each event, for scripts: echo messages, or not.
enum class reaction { echo, silent };

/// Takes all output of the endpoint.
inline byte_vector drain_output(protocol::endpoint& e, protocol::time_point now = {}) {
    byte_vector out;
    while (e.output_size() > 0) {
        std::array<std::span<const std::byte>, 4> views;
        const std::size_t count = e.gather(views);
        std::size_t size = 0;
        for (std::size_t i = 0; i < count; ++i) {
            append(out, views[i]);
            size += views[i].size();
        }
        e.consume_output(size, now);
    }
    return out;
}

/// "text(5) " and so on for each event, until there are none.
inline std::string run_events(protocol::endpoint& e, reaction how) {
    std::string log;
    for (;;) {
        const protocol::event event = e.next_event();
        switch (event.kind) {
            case protocol::event_kind::none:
                return log;
            case protocol::event_kind::message:
                log += event.view().is_text() ? "text(" : "binary(";
                log += to_text(event.payload) + ") ";
                if (how == reaction::echo) {
                    static_cast<void>(e.send(event.view()));
                }
                break;
            case protocol::event_kind::ping:
                log += "ping(" + to_text(event.payload) + ") ";
                break;
            case protocol::event_kind::pong:
                log += "pong(" + to_text(event.payload) + ") ";
                break;
            case protocol::event_kind::closing:
                log += "closing ";
                break;
            case protocol::event_kind::closed:
                log += "closed ";
                break;
        }
    }
}

/// Feeds `input` to the endpoint through a scratch buffer that is overwritten after each read, as
/// a thread's shared one would be.
inline std::string feed(protocol::endpoint& e, std::span<const std::byte> input, cuts cut,
                        reaction how = reaction::echo, protocol::time_point now = {}) {
    std::string log;
    std::vector<std::byte> scratch(4096);
    while (!input.empty()) {
        const auto room = e.prepare(scratch);
        const std::size_t n = std::min({room.size(), input.size(), cut.next()});
        std::ranges::copy(input.first(n), room.begin());
        e.commit(n, now);
        input = input.subspan(n);
        log += run_events(e, how);
        // What was read, and what may have been moved in front of it.
        std::ranges::fill(std::span(scratch).first(std::min(scratch.size(), n + 256)),
                          std::byte{0xEE});
    }
    return log;
}

}  // namespace websock::test
