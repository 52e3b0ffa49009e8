// What a client sends compressed reaches the server's user, is sent back, and reaches the client's:
// under random agreements, options, messages, cuts, interleavings and silences. Each run is made of
// a seed, which a failure names.
#include <array>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "protocol/deflate_params.hpp"
#include "protocol/endpoint.hpp"
#include "support/bytes.hpp"
#include "support/deflate.hpp"
#include "support/endpoint_script.hpp"

namespace websock::protocol {
namespace {

using namespace std::chrono_literals;

class chance {
public:
    explicit chance(unsigned seed) : random_(seed) {}

    // 0 to most.
    std::size_t upto(std::size_t most) { return random_() % (most + 1); }
    int between(int low, int high) {
        return low + static_cast<int>(upto(static_cast<std::size_t>(high - low)));
    }
    bool one_in(std::size_t n) { return upto(n - 1) == 0; }
    unsigned seed() { return static_cast<unsigned>(random_()); }
    template <class T, std::size_t N>
    T of(const T (&choices)[N]) {
        return choices[upto(N - 1)];
    }

private:
    std::minstd_rand random_;
};

std::string utf8_text(std::size_t size, chance& by) {
    static constexpr const char* words[] = {"a", "é", "€", "\U0001F600", "word ", "слово ", "\n"};
    std::string text;
    while (text.size() < size) {
        text += by.of(words);
    }
    return text;
}

message random_message(chance& by) {
    static constexpr std::size_t sizes[] = {0, 1, 5, 63, 64, 200, 1000, 5000, 20'000};
    const std::size_t size = by.one_in(25) ? 65'000 + by.upto(80'000) : by.of(sizes);
    switch (by.upto(4)) {
        case 0:
            return {message_kind::text, utf8_text(size, by)};
        case 1:
            return {message_kind::binary, test::noise(size, by.seed())};
        case 2:
            return {message_kind::binary, std::string(size, 'x')};
        default:
            return {message_kind::text, test::records(size, 1 + static_cast<unsigned>(by.upto(3)))};
    }
}

deflate_options random_options(chance& by) {
    return {.enabled = true,
            .level = by.between(1, 9),
            .memory_level = by.between(1, 9),
            .server_max_window_bits = by.one_in(2) ? 15 : by.between(9, 15),
            .client_max_window_bits = by.one_in(2) ? 15 : by.between(8, 15),
            .server_no_context_takeover = by.one_in(3),
            .client_no_context_takeover = by.one_in(3),
            .threshold = by.upto(200),
            .release_after = by.one_in(4) ? 0s : 5s};
}

// One side, with what has come out of it.
struct side {
    side(role which, const deflate_options& deflate, key_source* keys, time_point now)
        : options(make(deflate)), e(which, options, keys, now) {}

    static connection_options make(const deflate_options& deflate) {
        connection_options options;
        options.idle_timeout = 0s;
        options.ping_interval = 0s;
        options.deflate = deflate;
        return options;
    }

    connection_options options;
    endpoint e;
    std::deque<message> received;
    int pongs = 0;
    bool closed = false;
};

class round_trip {
public:
    explicit round_trip(unsigned seed) : by_(seed) {
        const auto offer = parse_extensions(make_offer(client_.options.deflate));
        BOOST_REQUIRE(offer.has_value());
        const auto accepted = accept_offer(*offer, server_.options.deflate);
        BOOST_REQUIRE(accepted.has_value());
        const auto answer = parse_extensions(accepted->response);
        BOOST_REQUIRE(answer.has_value());
        std::optional<deflate_params> agreed;
        BOOST_REQUIRE(!judge_answer(*answer, client_.options.deflate, agreed));
        BOOST_REQUIRE(agreed.has_value());
        server_.e.enable_deflate(accepted->params, test::test_codecs);
        client_.e.enable_deflate(*agreed, test::test_codecs);
    }

    void run() {
        for (int i = 0; i < 40; ++i) {
            step();
        }
        settle();
        BOOST_TEST(expected_.empty());
        BOOST_TEST(client_.pongs == pings_);
        client_.e.close(close_reason(close_code::normal, "done"));
        settle();
        BOOST_TEST(client_.e.info().clean);
        BOOST_TEST(server_.e.info().clean);
        BOOST_TEST((server_.e.info().reason == "done"));
    }

private:
    void step() {
        switch (by_.upto(6)) {
            case 0:
            case 1: {
                expected_.push_back(random_message(by_));
                const message& whole = expected_.back();
                BOOST_REQUIRE(!(by_.one_in(2) ? client_.e.send(message(whole), wish())
                                              : client_.e.send(message_view(whole), wish())));
                break;
            }
            case 2:
                ++pings_;
                BOOST_REQUIRE(!client_.e.ping({}));
                break;
            case 3:
            case 4:
                move(client_, server_, false);
                break;
            case 5:
                move(server_, client_, false);
                break;
            default:
                pass_time();
                break;
        }
    }

    send_options wish() {
        static constexpr compression wishes[] = {compression::automatic, compression::automatic,
                                                 compression::yes, compression::no};
        return by_.of(wishes);
    }

    void pass_time() {
        now_ += std::chrono::seconds(by_.upto(8));
        for (side* const each : {&client_, &server_}) {
            for (int i = 0; i < 3; ++i) {
                if (const auto due = each->e.deadline(); due && *due <= now_) {
                    each->e.on_timer(now_);
                }
            }
            const auto due = each->e.deadline();
            BOOST_TEST((!due || *due > now_));  // a timer that is due for ever would spin
        }
    }

    // Moves some bytes, or all that are there.
    void move(side& from, side& to, bool all) {
        do {
            std::array<std::span<const std::byte>, 3> views;
            if (from.e.gather(views) == 0) {
                return;
            }
            std::size_t most = views[0].size();
            if (!all) {
                most = 1 + by_.upto(by_.one_in(2) ? 20 : most - 1);
            }
            std::vector<std::byte> scratch(1024 + by_.upto(8000));
            const auto room = to.e.prepare(scratch);
            const std::size_t n = std::min({most, room.size(), views[0].size()});
            std::ranges::copy(views[0].first(n), room.begin());
            from.e.consume_output(n, now_);
            to.e.commit(n, now_);
            take_events(to);
        } while (all);
    }

    void take_events(side& s) {
        for (event got = s.e.next_event(); got.kind != event_kind::none; got = s.e.next_event()) {
            s.pongs += got.kind == event_kind::pong ? 1 : 0;
            if (got.kind != event_kind::message) {
                BOOST_REQUIRE(!s.e.info().ec);
                continue;
            }
            if (&s == &client_) {
                BOOST_REQUIRE(!expected_.empty());
                BOOST_TEST((s.e.take_message(got) == expected_.front()));
                expected_.pop_front();
            } else if (by_.one_in(2)) {
                BOOST_REQUIRE(!s.e.send(got.view(), wish()));
            } else {
                BOOST_REQUIRE(!s.e.send(s.e.take_message(got), wish()));
            }
        }
    }

    void settle() {
        for (int i = 0; i < 4; ++i) {
            move(client_, server_, true);
            move(server_, client_, true);
        }
    }

    chance by_;
    time_point now_{1000s};
    test::counting_keys keys_;
    side client_{role::client, random_options(by_), &keys_, now_};
    side server_{role::server, random_options(by_), nullptr, now_};
    std::deque<message> expected_;
    int pings_ = 0;
};

BOOST_AUTO_TEST_SUITE(deflate_round_trip)

// [7692-5-11, 7692-6.1-1, 7692-6.1-2, 7692-6.2-1, 7692-6.2-2]
BOOST_AUTO_TEST_CASE(whatever_is_sent_comes_back) {
    for (unsigned seed = 1; seed <= 100; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) { round_trip(seed).run(); }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
