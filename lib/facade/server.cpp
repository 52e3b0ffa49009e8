#include <sys/resource.h>
#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <websock/server.hpp>

#include "../net/io_thread.hpp"
#include "check_options.hpp"
#include "routes.hpp"

namespace websock {
namespace {

using boost::asio::ip::tcp;

// Descriptors that are not for connections: listeners, event queues, files of the application.
constexpr std::size_t reserved_descriptors = 64;

std::size_t connection_limit(std::size_t wanted) {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) {
        return wanted;
    }
    const std::size_t descriptors = files.rlim_cur;
    return std::min(wanted, descriptors > reserved_descriptors ? descriptors - reserved_descriptors
                                                               : std::size_t{1});
}

std::string to_text(const address& where) {
    const bool v6 = where.host.find(':') != std::string::npos;
    return (v6 ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

// Without the place in the source that the code was made at, which would be part of what().
[[noreturn]] void throw_cannot_listen(const error_code& ec, const address& where) {
    throw boost::system::system_error(error_code(ec.value(), ec.category()),
                                      "cannot listen on " + to_text(where));
}

tcp::endpoint resolve(const address& where) {
    error_code ec;
    const auto literal = boost::asio::ip::make_address(where.host, ec);
    if (!ec) {
        return {literal, where.port};
    }
    // RFC 6761 §6.3: "Name resolution APIs and libraries SHOULD recognize localhost names as
    // special and SHOULD always return the IP loopback address" (also where there is no
    // /etc/hosts).
    if (where.host == "localhost") {
        return {boost::asio::ip::address_v4::loopback(), where.port};
    }
    boost::asio::io_context context;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(where.host, std::to_string(where.port), ec);
    if (ec || found.empty()) {
        throw_cannot_listen(ec, where);
    }
    return found.begin()->endpoint();
}

}  // namespace

class server::impl {
public:
    explicit impl(server_options options)
        : options_(std::move(options)), capacity_(connection_limit(options_.max_connections)) {
        facade::check(options_.connection);
        const std::size_t threads =
            options_.threads > 0 ? options_.threads
                                 : std::max<std::size_t>(1, std::thread::hardware_concurrency());
        config_ = std::make_shared<const net::session_config>(
            net::session_config{options_.connection, routes_, options_.log});
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.push_back(std::make_unique<net::io_thread>(config_, capacity_));
        }
    }

    ~impl() {
        for (int round = 0; round < 4; ++round) {  // what is destroyed may post once more
            for (const auto& thread : threads_) {
                thread->discard();
            }
        }
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    facade::route_table& routes() {
        if (started_) {
            throw std::logic_error("websock::server::route: the server runs already");
        }
        return *routes_;
    }

    std::uint16_t listen(const address& where,
                         const std::shared_ptr<const net::tls_settings>& tls) {
        if (started_) {
            throw std::logic_error("websock::server::listen: the server runs already");
        }
        tcp::endpoint endpoint = resolve(where);
        try {
            refuse_if_in_use(endpoint);
            const auto use = threads_.size() > 1 ? net::acceptor::port_use::shared
                                                 : net::acceptor::port_use::exclusive;
            for (const auto& thread : threads_) {
                // With port 0 the first socket chooses, the others share.
                endpoint = thread->listen(endpoint, use, options_.backlog, tls);
            }
        } catch (const boost::system::system_error& e) {
            throw_cannot_listen(e.code(), where);
        }
        return endpoint.port();
    }

    void run() {
        if (started_.exchange(true)) {
            throw std::logic_error("websock::server::run: called twice");
        }
        boost::asio::signal_set signals(threads_.front()->context());
        if (options_.handle_signals) {
            signals.add(SIGINT);
            signals.add(SIGTERM);
            signals.async_wait([this](const error_code& ec, int) {
                if (!ec) {
                    stop(options_.drain_timeout);
                }
            });
        }
        on_stop_ = [&signals] {
            error_code ignored;
            signals.clear(ignored);  // a second signal has its default effect
            signals.cancel(ignored);
        };
        capacity_.busy_threads = threads_.size();
        std::vector<std::thread> others;
        for (std::size_t i = 1; i < threads_.size(); ++i) {
            others.emplace_back([this, i] { threads_[i]->run(); });
        }
        threads_.front()->run();
        for (std::thread& other : others) {
            other.join();
        }
    }

    void stop(std::chrono::milliseconds drain) {
        const auto deadline = std::chrono::steady_clock::now() + drain;
        boost::asio::post(threads_.front()->context(), [this] {
            if (on_stop_) {
                std::exchange(on_stop_, nullptr)();
            }
        });
        for (const auto& thread : threads_) {
            thread->stop(deadline);
        }
    }

    [[nodiscard]] std::chrono::milliseconds drain_timeout() const noexcept {
        return options_.drain_timeout;
    }
    [[nodiscard]] std::size_t connection_count() const noexcept { return capacity_.live(); }

private:
    // SO_REUSEPORT would let two servers share a port without either noticing.
    void refuse_if_in_use(const tcp::endpoint& endpoint) {
        if (threads_.size() > 1 && endpoint.port() != 0) {
            boost::asio::io_context context(1);
            const net::acceptor probe(context.get_executor(), endpoint,
                                      net::acceptor::port_use::exclusive, 1, {});
        }
    }

    const server_options options_;
    std::shared_ptr<facade::route_table> routes_ = std::make_shared<facade::route_table>();
    std::shared_ptr<const net::session_config> config_;
    net::capacity capacity_;
    std::vector<std::unique_ptr<net::io_thread>> threads_;
    std::function<void()> on_stop_;  // on the first thread
    std::atomic<bool> started_{false};
};

server::server() : server(server_options()) {}
server::server(server_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
server::~server() = default;

void server::route(std::string path, coroutine_handler handler, route_options options) {
    impl_->routes().set(std::move(path), {std::move(handler), std::move(options)});
}

void server::route(std::string path, handlers callbacks, route_options options) {
    impl_->routes().set(std::move(path), {std::make_shared<const handlers>(std::move(callbacks)),
                                          std::move(options)});
}

void server::route(std::string path, page content) {
    impl_->routes().set(std::move(path), {std::move(content), {}});
}

std::uint16_t server::listen(const address& where) { return impl_->listen(where, nullptr); }

std::uint16_t server::listen(const address& where, const tls_context& tls) {
    return impl_->listen(where, tls.settings());
}

void server::run() { impl_->run(); }

void server::stop() { impl_->stop(impl_->drain_timeout()); }

void server::shutdown(std::chrono::milliseconds deadline) { impl_->stop(deadline); }

std::size_t server::connection_count() const noexcept { return impl_->connection_count(); }

}  // namespace websock
