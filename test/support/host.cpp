#include "host.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace websock::test {
namespace {

class server_host final : public host {
public:
    server_host(std::size_t threads, const any_handler& what, const host_options& options)
        : server_(make_options(threads, options)) {
        std::visit([this](const auto& handler) { server_.route("/ws", handler); }, what);
        port_ = options.tls ? server_.listen({"127.0.0.1", 0}, *options.tls)
                            : server_.listen({"127.0.0.1", 0});
        thread_ = std::thread([this] { server_.run(); });
    }
    ~server_host() override {
        server_.stop();
        thread_.join();
    }
    close_info result() override { throw std::logic_error("a server has no result"); }

private:
    static server_options make_options(std::size_t threads, const host_options& options) {
        server_options all;
        all.connection = options.connection;
        all.threads = threads;
        all.handle_signals = false;
        return all;
    }

    server server_;
    std::thread thread_;
};

/// An accept loop of the user's own; each socket is given to serve().
class serve_host final : public host {
public:
    enum class executor { thread_pool, io_context, serial };

    serve_host(executor which, any_handler what, host_options options)
        : state_(std::make_shared<state>(std::move(what), std::move(options))) {
        state_->is_serial = which == executor::serial;
        if (which == executor::thread_pool) {
            pool_.emplace(4);
            start(pool_->get_executor());
            return;
        }
        start(context_.get_executor());
        for (int i = 0; i < (state_->is_serial ? 1 : 4); ++i) {
            threads_.emplace_back([this] { context_.run(); });
        }
    }
    ~serve_host() override {
        boost::asio::post(state_->listening->get_executor(),
                          [listening = state_->listening] { listening->close(); });
        if (!eventually([this] { return state_->live == 0; })) {
            context_.stop();  // the test has failed already, or will by what was not received
            if (pool_) {
                pool_->stop();
            }
        }
        if (pool_) {
            pool_->join();
        }
        for (std::thread& each : threads_) {
            each.join();
        }
    }
    close_info result() override { return state_->result.get(); }

private:
    struct state {
        state(any_handler handler, host_options all)
            : what(std::move(handler)), options(std::move(all)) {}
        any_handler what;
        host_options options;
        bool is_serial = false;
        box<close_info> result;
        std::atomic<int> live{0};
        std::shared_ptr<boost::asio::ip::tcp::acceptor> listening;
    };

    void start(boost::asio::any_io_executor on) {
        const boost::asio::ip::tcp::endpoint where(boost::asio::ip::address_v4::loopback(), 0);
        // On a strand, since the destructor closes it from another thread.
        state_->listening =
            std::make_shared<boost::asio::ip::tcp::acceptor>(boost::asio::make_strand(on), where);
        port_ = state_->listening->local_endpoint().port();
        boost::asio::co_spawn(state_->listening->get_executor(), accept(state_, on),
                              [](std::exception_ptr) {});
    }

    static awaitable<void> accept(std::shared_ptr<state> s, boost::asio::any_io_executor on) {
        for (;;) {  // until the acceptor is closed, which throws
            boost::asio::ip::tcp::socket socket =
                co_await s->listening->async_accept(on, boost::asio::use_awaitable);
            ++s->live;
            boost::asio::co_spawn(on, serve_one(s, std::move(socket)),
                                  [s](std::exception_ptr) { --s->live; });
        }
    }

    static awaitable<void> serve_one(std::shared_ptr<state> s,
                                     boost::asio::ip::tcp::socket socket) {
        serve_options options;
        options.connection = s->options.connection;
        options.executor_is_serial = s->is_serial;
        awaitable<close_info> served = begin(*s, std::move(socket), std::move(options));
        close_info info = co_await std::move(served);
        s->result.set(std::move(info));
    }

    static awaitable<close_info> begin(const state& s, boost::asio::ip::tcp::socket socket,
                                       serve_options options) {
        return std::visit(
            [&](const auto& handler) {
                return s.options.tls
                           ? serve(std::move(socket), *s.options.tls, handler, std::move(options))
                           : serve(std::move(socket), handler, std::move(options));
            },
            s.what);
    }

    boost::asio::io_context context_;
    std::optional<boost::asio::thread_pool> pool_;
    std::shared_ptr<state> state_;  // goes before its acceptor's executor
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<host> start_host(arrangement which, any_handler what, host_options options) {
    switch (which) {
        case arrangement::server_1:
            return std::make_unique<server_host>(1, what, options);
        case arrangement::server_4:
            return std::make_unique<server_host>(4, what, options);
        case arrangement::serve_pool:
            return std::make_unique<serve_host>(serve_host::executor::thread_pool, std::move(what),
                                                std::move(options));
        case arrangement::serve_context:
            return std::make_unique<serve_host>(serve_host::executor::io_context, std::move(what),
                                                std::move(options));
        case arrangement::serve_serial:
            break;
    }
    return std::make_unique<serve_host>(serve_host::executor::serial, std::move(what),
                                        std::move(options));
}

awaitable<void> echo(connection peer) {
    while (auto received = co_await peer.receive()) {
        co_await peer.send(std::move(*received));
    }
}

}  // namespace websock::test
