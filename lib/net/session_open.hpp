// session: the opening handshake, from accept to 101 or to a refusal, under one absolute deadline.
#pragma once

#include "../protocol/handshake.hpp"
#include "../protocol/request_head.hpp"
#include "http_upgrade.hpp"
#include "session.hpp"
#include "thread_memory.hpp"

namespace websock::net {

/// True when the connection is open; otherwise what there was to say has been written.
template <byte_stream Stream>
task<bool> session<Stream>::open() {
    error_code ignored;  // a peer that is gone already has no address
    facts_.local = stream_->local_endpoint(ignored);
    facts_.remote = stream_->remote_endpoint(ignored);
    facts_.secure = Stream::is_secure;
    if (const error_code ec = co_await stream_->handshake(); ec) {
        end_.ec = ec;
        log(log_level::info, "TLS handshake failed", timed_out_ ? "cut" : ec.message());
        co_return false;
    }
    const received_head head = co_await read_head();
    if (head.ec) {
        end_.ec = head.ec;
        if (head.ec.category() == error_category()) {
            co_await refuse(head.ec, {}, false);
        }
        co_return false;
    }
    const std::span<const std::byte> bytes = head.bytes.bytes();
    co_return co_await answer(bytes.first(head.size), bytes.subspan(head.size));
}

template <byte_stream Stream>
auto session<Stream>::read_head() -> task<received_head> {
    constexpr std::size_t read_size = 16 * 1024;
    protocol::head_scanner scanner(options());
    received_head head;
    while (!head.ec && head.size == 0) {
        error_code ec;
        const std::size_t n = stream_->read_some(thread_scratch().first(read_size), ec);
        if (n > 0) {
            head_begun_ = true;
            head.bytes.append(thread_scratch().first(n));
            const auto scanned = scanner.feed(head.bytes.bytes());
            head.ec = scanned.ec;
            head.size = scanned.size;
        } else if (would_block(ec)) {
            head.ec = co_await stream_->wait_readable();
        } else {
            input_ended_ = true;
            head.ec = ec;
        }
    }
    co_return head;
}

template <byte_stream Stream>
task<bool> session<Stream>::answer(std::span<const std::byte> head_bytes,
                                   std::span<const std::byte> early) {
    request& head = facts_.head;
    error_code why = parse_request_head(head_bytes, head);
    if (!why) {
        why = protocol::judge_request(head);
    }
    if (!why && admitted_ == admission::over_capacity) {
        why = error::over_capacity;
    }
    const bool head_only = head.method() == "HEAD";
    std::string_view allow;
    resource found;
    if (!why) {
        found = config_->app->find(protocol::route_path(head));
        if (found.what == resource::kind::none) {
            why = error::not_found;
        } else if (found.what == resource::kind::websocket) {
            why = protocol::judge_upgrade(head);
            allow = "GET";
        } else {
            why = head_only || head.method() == "GET" ? protocol::judge_no_body(head)
                                                      : make_error_code(error::method_not_allowed);
            allow = "GET, HEAD";
        }
    }
    if (why) {
        end_.ec = why;
        co_await refuse(why, why == error::method_not_allowed ? allow : std::string_view(),
                        head_only);
        co_return false;
    }
    if (found.what == resource::kind::page) {
        std::string text = protocol::page_response(*found.content, http_date(), head_only);
        static_cast<void>(co_await write_all(std::move(text)));
        co_return false;
    }
    facts_.subprotocol = protocol::choose_subprotocol(head, found.subprotocols);
    std::string text = protocol::upgrade_response(head, facts_.subprotocol, http_date());
    if (const error_code ec = co_await write_all(std::move(text)); ec) {
        end_.ec = ec;
        co_return false;
    }
    enter_open(found, early);
    co_return true;
}

template <byte_stream Stream>
task<void> session<Stream>::refuse(error_code why, std::string_view allow, bool head_only) {
    log(log_level::debug, "request refused", why.message());
    std::string text = protocol::refusal_response(why, allow, http_date(), head_only);
    static_cast<void>(co_await write_all(std::move(text)));
}

template <byte_stream Stream>
task<error_code> session<Stream>::write_all(std::string text) {
    std::span<const std::byte> rest = std::as_bytes(std::span(text));
    for (;;) {
        error_code ec;
        if (!rest.empty()) {
            rest = rest.subspan(stream_->write_some({&rest, 1}, ec));
        } else {
            stream_->flush(ec);
            if (!ec) {
                co_return ec;
            }
        }
        if (would_block(ec)) {
            ec = co_await stream_->wait_writable();
        }
        if (ec) {
            co_return ec;
        }
    }
}

template <byte_stream Stream>
void session<Stream>::enter_open(const resource& found, std::span<const std::byte> early) {
    const time_point now = coarse_now();
    stage_ = stage::open;
    endpoint_.note_alive(now);
    // RFC 6455 §4.2.2: after its handshake the server "MAY begin sending (and receiving) data";
    // what follows the head is frames already.
    const std::span<std::byte> room = endpoint_.prepare(thread_scratch());
    std::ranges::copy(early, room.begin());
    endpoint_.commit(early.size(), now);
    endpoint_.park();

    open_.store(true, std::memory_order_release);
    try {
        consumer_ = config_->app->make_consumer(found);
        how_ = consumer_->how();
        handler_running_ = how_ == delivery::inbox;
        consumer_->on_open(shared_from_this());
    } catch (...) {
        handler_running_ = false;
        close_after_exception(std::current_exception());
    }
    arm();
}

// The handshake took too long: answer once what can be answered, and close.
template <byte_stream Stream>
void session<Stream>::cut_opening() {
    timed_out_ = true;
    error_code ignored;  // one attempt at everything
    if (head_begun_) {
        const std::string text =
            protocol::refusal_response(error::request_timeout, {}, http_date(), false);
        const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
        stream_->write_some({&bytes, 1}, ignored);
    }
    static_cast<void>(stream_->shutdown_send(ignored));
    stream_->close();
}

}  // namespace websock::net
