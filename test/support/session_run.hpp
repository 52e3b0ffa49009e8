// Sessions over a stream in memory: consumers that echo, what was seen of them, and one run.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "memory_stream.hpp"
#include "net/session_impl.hpp"
#include "waiting.hpp"

namespace websock::test {

using memory_session = net::session<memory_stream>;

/// What was seen of one session; outlives its io_context.
struct observations {
    int opened = 0;
    int closed = 0;
    int ended = 0;
    int consumers = 0;      ///< that live
    int closes_begun = 0;   ///< by async_close
    int closes_done = 0;    ///< that have completed
    bool released = false;  ///< nothing held the session when all was done
    close_info info;        ///< what on_close was told
    close_info end;         ///< what the session said when it left
};

/// What a consumer does besides echoing.
struct echo_plan {
    std::string greeting;            ///< sent when it opens, unless empty
    std::optional<int> close_after;  ///< so many messages
    close_reason reason;
};

/// Echoes straight from the read loop.
class direct_echo final : public net::consumer {
public:
    explicit direct_echo(observations& seen, echo_plan plan = {})
        : seen_(seen), plan_(std::move(plan)) {
        ++seen_.consumers;
    }
    ~direct_echo() override { --seen_.consumers; }
    direct_echo(const direct_echo&) = delete;
    direct_echo& operator=(const direct_echo&) = delete;

    net::delivery how() const noexcept override { return net::delivery::direct; }
    void on_open(const std::shared_ptr<net::driver>& connection) override {
        ++seen_.opened;
        connection_ = connection;
        if (!plan_.greeting.empty()) {
            static_cast<void>(
                connection_->try_send(std::string_view(plan_.greeting), send_options()));
        }
        close_if_due();
    }
    void on_message(const message_view& view) override {
        static_cast<void>(connection_->try_send(view, send_options()));
        ++received_;
        close_if_due();
    }
    void on_close(const close_info& info) override {
        ++seen_.closed;
        seen_.info = info;
        connection_.reset();
    }

private:
    void close_if_due() {
        if (plan_.close_after == received_) {
            connection_->request_close(plan_.reason);
        }
    }

    observations& seen_;
    echo_plan plan_;
    std::shared_ptr<net::driver> connection_;
    int received_ = 0;
};

/// Echoes by receive and send, as a handler coroutine does.
class inbox_echo final : public net::consumer {
public:
    explicit inbox_echo(observations& seen, echo_plan plan = {})
        : seen_(seen), plan_(std::move(plan)) {
        ++seen_.consumers;
    }
    ~inbox_echo() override { --seen_.consumers; }
    inbox_echo(const inbox_echo&) = delete;
    inbox_echo& operator=(const inbox_echo&) = delete;

    net::delivery how() const noexcept override { return net::delivery::inbox; }
    void on_open(const std::shared_ptr<net::driver>& connection) override {
        ++seen_.opened;
        const auto state = std::make_shared<handler>(handler{connection, seen_, plan_});
        if (plan_.greeting.empty()) {
            go_on(state);
        } else {
            connection->async_send(message(plan_.greeting), send_options(),
                                   [state](error_code) { go_on(state); });
        }
    }
    void on_message(const message_view&) override { BOOST_ERROR("delivered past the inbox"); }
    void on_close(const close_info& info) override {
        ++seen_.closed;
        seen_.info = info;
    }

private:
    struct handler {
        std::shared_ptr<net::driver> connection;
        observations& seen;
        echo_plan plan;
        int received = 0;
    };

    static void go_on(const std::shared_ptr<handler>& state) {
        if (state->plan.close_after == state->received) {
            ++state->seen.closes_begun;
            state->connection->async_close(state->plan.reason,
                                           [state](error_code) { ++state->seen.closes_done; });
        }
        state->connection->async_receive([state](error_code ec, std::optional<message> next) {
            if (ec || !next) {
                state->connection->handler_done(nullptr);
                return;
            }
            ++state->received;
            state->connection->async_send(std::move(*next), send_options(),
                                          [state](error_code) { go_on(state); });
        });
    }

    observations& seen_;
    echo_plan plan_;
};

[[nodiscard]] inline std::unique_ptr<net::consumer> make_echo(observations& seen, net::delivery how,
                                                              echo_plan plan = {}) {
    if (how == net::delivery::direct) {
        return std::make_unique<direct_echo>(seen, std::move(plan));
    }
    return std::make_unique<inbox_echo>(seen, std::move(plan));
}

class end_counter final : public net::session_owner {
public:
    explicit end_counter(observations& seen) : seen_(seen) {}
    void on_session_end(net::driver& ended) noexcept override {
        ++seen_.ended;
        seen_.end = ended.info();
    }

private:
    observations& seen_;
};

/// Makes a session over the script; its last argument says which side it is.
template <class Side>
std::shared_ptr<memory_session> make_session(boost::asio::io_context& context,
                                             stream_script& script, observations& seen,
                                             net::session_config config, Side side) {
    return std::make_shared<memory_session>(
        memory_stream(context, script),
        std::make_shared<const net::session_config>(std::move(config)),
        std::make_shared<memory_session::queue_type>(context.get_executor()),
        std::make_shared<end_counter>(seen), std::move(side));
}

/// Runs a session until there is no more work; the test ends if that takes long.
inline void run_session(boost::asio::io_context& context, std::shared_ptr<memory_session> session,
                        observations& seen) {
    const std::weak_ptr<memory_session> alive = session;
    boost::asio::post(context, [session = std::move(session)] { session->start(); });
    context.run_for(patience);
    BOOST_REQUIRE(context.stopped());
    seen.released = alive.expired();
}

/// As run_session, but the io_context goes after so many of its handlers, or when none is ready.
inline void abandon_session(std::unique_ptr<boost::asio::io_context> context,
                            std::shared_ptr<memory_session> session, observations& seen,
                            int handlers_run) {
    const std::weak_ptr<memory_session> alive = session;
    boost::asio::post(*context, [session = std::move(session)] { session->start(); });
    for (int i = 0; i < handlers_run; ++i) {
        context->poll_one();
    }
    context.reset();
    seen.released = alive.expired();
}

}  // namespace websock::test
