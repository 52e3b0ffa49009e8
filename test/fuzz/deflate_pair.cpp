// A client and a server with permessage-deflate, joined in memory; the input chooses what both
// want, what is sent, how it is cut, and when time passes: every message comes back as it was sent.
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "fuzz_input.hpp"
#include "protocol/deflate_params.hpp"
#include "protocol/endpoint.hpp"
#include "support/deflate.hpp"
#include "support/endpoint_script.hpp"

namespace {

namespace protocol = websock::protocol;
namespace test = websock::test;
using websock::fuzz::require;
using namespace std::chrono_literals;

/// The input, octet by octet; zeroes behind its end.
class choices {
public:
    explicit choices(std::span<const std::byte> input) : rest_(input) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    unsigned next() {
        if (rest_.empty()) {
            return 0;
        }
        const auto value = std::to_integer<unsigned>(rest_.front());
        rest_ = rest_.subspan(1);
        return value;
    }
    int between(int low, int high) { return low + static_cast<int>(next()) % (high - low + 1); }
    std::string bytes(std::size_t size) {
        const auto taken = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return test::to_text(taken);
    }

private:
    std::span<const std::byte> rest_;
};

websock::connection_options read_options(choices& by) {
    websock::connection_options options;
    options.ping_interval = 0s;
    options.idle_timeout = 0s;
    const unsigned flags = by.next();
    options.deflate = {.enabled = true,
                       .level = by.between(1, 9),
                       .memory_level = by.between(1, 9),
                       .server_max_window_bits = by.between(9, 15),
                       .client_max_window_bits = by.between(8, 15),
                       .server_no_context_takeover = (flags & 1U) != 0,
                       .client_no_context_takeover = (flags & 2U) != 0,
                       .threshold = flags >> 4U,
                       .release_after = (flags & 4U) != 0 ? 0s : 5s};
    return options;
}

class pair {
public:
    explicit pair(std::span<const std::byte> input) : by_(input) {
        const auto offer =
            protocol::parse_extensions(protocol::make_offer(client_options_.deflate));
        const auto accepted = protocol::accept_offer(*offer, server_options_.deflate);
        require(accepted.has_value(), "our offer is acceptable");
        std::optional<protocol::deflate_params> agreed;
        require(!protocol::judge_answer(*protocol::parse_extensions(accepted->response),
                                        client_options_.deflate, agreed),
                "our answer is good");
        client_.enable_deflate(*agreed, test::test_codecs);
        server_.enable_deflate(accepted->params, test::test_codecs);
    }

    void run() {
        for (int i = 0; i < 60 && !by_.at_end(); ++i) {
            step();
        }
        for (int i = 0; i < 3; ++i) {
            move(client_, server_, static_cast<std::size_t>(-1));
            move(server_, client_, static_cast<std::size_t>(-1));
        }
        require(expected_.empty(), "all has come back");
        require(!client_.info().ec && !server_.info().ec, "nothing has failed");
    }

private:
    void step() {
        const unsigned what = by_.next();
        switch (what % 8) {
            case 0:
            case 1:
            case 2:
            case 3:
                expected_.push_back(read_message(what >> 3U));
                require(!client_.send(websock::message_view(expected_.back()), wish()), "is sent");
                break;
            case 4:
            case 5:
                move(client_, server_, 1 + by_.next() * (what >> 3U));
                break;
            case 6:
                move(server_, client_, 1 + by_.next() * (what >> 3U));
                break;
            default:
                now_ += std::chrono::seconds(what >> 3U);
                client_.on_timer(now_);
                server_.on_timer(now_);
                break;
        }
    }

    // Bytes of the input, a run of one octet, what there was before, or noise.
    websock::message read_message(unsigned form) {
        std::string payload;
        switch (form % 4) {
            case 0:
                payload = by_.bytes(by_.next());
                break;
            case 1: {
                const std::size_t size = by_.next() * 300;
                payload.assign(size, static_cast<char>(by_.next() & 0x7FU));
                break;
            }
            case 2:
                payload = last_.substr(std::min<std::size_t>(by_.next(), last_.size())) + last_;
                payload.resize(std::min<std::size_t>(payload.size(), 100'000));
                break;
            default: {
                const std::size_t size = by_.next() * 50;
                payload = test::noise(size, by_.next());
                break;
            }
        }
        last_ = payload;
        return {websock::message_kind::binary, std::move(payload)};
    }

    websock::compression wish() {
        constexpr websock::compression wishes[] = {
            websock::compression::automatic, websock::compression::yes, websock::compression::no};
        return wishes[by_.next() % 3];
    }

    void move(protocol::endpoint& from, protocol::endpoint& to, std::size_t most) {
        while (most > 0) {
            std::array<std::span<const std::byte>, 2> views;
            if (from.gather(views) == 0) {
                return;
            }
            const auto room = to.prepare(scratch_);
            const std::size_t n = std::min({most, room.size(), views[0].size()});
            std::ranges::copy(views[0].first(n), room.begin());
            from.consume_output(n, now_);
            to.commit(n, now_);
            take_events(to);
            most -= n;
        }
    }

    void take_events(protocol::endpoint& e) {
        for (auto got = e.next_event(); got.kind != protocol::event_kind::none;
             got = e.next_event()) {
            require(got.kind == protocol::event_kind::message, "nothing but messages");
            if (&e == &server_) {
                require(!e.send(got.view()), "is sent back");
                continue;
            }
            require(!expected_.empty() && e.take_message(got) == expected_.front(),
                    "what was sent comes back");
            expected_.pop_front();
        }
    }

    choices by_;
    protocol::time_point now_{1000s};
    websock::connection_options client_options_ = read_options(by_);
    websock::connection_options server_options_ = read_options(by_);
    test::counting_keys keys_;
    protocol::endpoint client_{protocol::role::client, client_options_, &keys_, now_};
    protocol::endpoint server_{protocol::role::server, server_options_, nullptr, now_};
    std::vector<std::byte> scratch_ = std::vector<std::byte>(4096);
    std::deque<websock::message> expected_;
    std::string last_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    pair(std::as_bytes(std::span(data, size))).run();
    return 0;
}
