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
    // [6455-4.1-10, 6455-4.1-11, 6455-4.1-12, 6455-4.2.2-2]
    if (const error_code ec = co_await stream_->handshake(); ec) {
        end_.ec = ec;
        log(log_level::info, "TLS handshake failed", timed_out_ ? "cut" : ec.message());
        co_return false;
    }
    if (side_ == protocol::role::server) {
        co_return co_await open_as_server();
    }
    const bool opened = co_await open_as_client();
    client_.reset();
    co_return opened;
}

template <byte_stream Stream>
task<bool> session<Stream>::open_as_server() {
    protocol::byte_buffer nothing;
    const received_head head = co_await read_head(protocol::head_kind::request, std::move(nothing));
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
auto session<Stream>::read_head(protocol::head_kind kind, protocol::byte_buffer early)
    -> task<received_head> {
    constexpr std::size_t read_size = 16 * 1024;
    protocol::head_scanner scanner(options(), kind);
    received_head head;
    head.bytes = std::move(early);
    const auto scan = [&] {
        const auto scanned = scanner.feed(std::as_const(head.bytes).bytes());
        head.ec = scanned.ec;
        head.size = scanned.size;
    };
    scan();
    while (!head.ec && head.size == 0) {
        error_code ec;
        const std::size_t n = stream_->read_some(this_thread().scratch.first(read_size), ec);
        if (n > 0) {
            head_begun_ = true;
            head.bytes.append(this_thread().scratch.first(n));
            scan();
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
    std::optional<std::vector<protocol::extension>> offers;
    if (!why) {
        found = config_->app->find(protocol::route_path(head));
        if (found.what == resource::kind::none) {
            // [6455-4.2.2-5]
            why = error::not_found;
        } else if (found.what == resource::kind::websocket) {
            why = protocol::judge_upgrade(head);
            allow = "GET";
            offers = protocol::offered_extensions(head);
            // [6455-9.1-1]
            if (!why && !offers) {
                why = error::bad_request;
            }
        } else {
            why = head_only || head.method() == "GET" ? protocol::judge_no_body(head)
                                                      : make_error_code(error::method_not_allowed);
            allow = "GET, HEAD";
        }
    }
    if (why) {
        end_.ec = why;
        // [6455-4.2.1-1, 6455-7.2.2-1]
        co_await refuse(why, why == error::method_not_allowed ? allow : std::string_view(),
                        head_only);
        co_return false;
    }
    if (found.what == resource::kind::page) {
        std::string text = protocol::page_response(*found.content, http_date(), head_only);
        static_cast<void>(co_await write_all(std::move(text)));
        co_return false;
    }
    protocol::agreement agreed;
    agreed.subprotocol = protocol::choose_subprotocol(head, found.subprotocols);
    if (auto accepted = protocol::accept_offer(*offers, options().deflate)) {
        agreed.extensions = std::move(accepted->response);
        agreed.deflate = accepted->params;
    }
    std::string text = protocol::upgrade_response(head, agreed, http_date());
    if (const error_code ec = co_await write_all(std::move(text)); ec) {
        end_.ec = ec;
        co_return false;
    }
    enter_open(std::move(agreed), early,
               [this, &found] { return config_->app->make_consumer(found); });
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

// The client's side of the opening handshake (RFC 6455 §4.1).
template <byte_stream Stream>
task<bool> session<Stream>::open_as_client() {
    facts_.head = std::move(client_->head);
    std::string text = std::move(client_->request_text);
    // [6455-4.1-1, 6455-4.1-14]
    if (end_.ec = co_await write_all(std::move(text)); end_.ec) {
        co_return false;
    }
    protocol::byte_buffer early;
    for (int informational = 0;; ++informational) {
        // [6455-4.1-1, 6455-4.1-32]
        received_head head = co_await read_head(protocol::head_kind::response, std::move(early));
        if (head.ec == boost::asio::error::eof) {
            head.ec = error::bad_upgrade_response;
        }
        const std::span<const std::byte> bytes = std::as_const(head.bytes).bytes();
        http_response& answer = *client_->answer;
        end_.ec = head.ec ? head.ec : parse_response_head(bytes.first(head.size), answer);
        if (end_.ec) {
            co_return false;
        }
        const auto rest = bytes.subspan(head.size);
        // RFC 7231 §6.2: "A client MUST be able to parse one or more 1xx responses received prior
        // to a final response, even if the client does not expect one."
        constexpr int most_informational = 16;
        if (answer.status() / 100 == 1 && answer.status() != 101 &&
            informational < most_informational) {
            early = protocol::byte_buffer();
            early.append(rest);
            answer = http_response();  // it is not the answer
            continue;
        }
        protocol::agreement agreed;
        // [6455-4.1-33, 6455-7.2.1-1]
        end_.ec = protocol::judge_upgrade_response(answer, client_->wish, agreed);
        if (end_.ec) {
            co_return false;
        }
        enter_open(std::move(agreed), rest, [this] { return std::move(client_->use); });
        co_return true;
    }
}

template <byte_stream Stream>
template <class MakeConsumer>
void session<Stream>::enter_open(protocol::agreement agreed, std::span<const std::byte> early,
                                 MakeConsumer make_consumer) {
    const time_point now = coarse_now();
    stage_ = stage::open;
    facts_.subprotocol = std::move(agreed.subprotocol);
    facts_.extensions = std::move(agreed.extensions);
    // [6455-9.1-5, 7692-5-11]
    if (agreed.deflate) {
        endpoint_.enable_deflate(*agreed.deflate, thread_codecs);
    }
    endpoint_.note_alive(now);
    // RFC 6455 §4.2.2: after its handshake the server "MAY begin sending (and receiving) data";
    // what follows the head is frames already.
    const std::span<std::byte> room = endpoint_.prepare(this_thread().scratch);
    std::ranges::copy(early, room.begin());
    endpoint_.commit(early.size(), now);
    endpoint_.park();

    open_.store(true, std::memory_order_release);
    try {
        consumer_ = make_consumer();
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
    if (head_begun_ && side_ == protocol::role::server) {
        const std::string text =
            protocol::refusal_response(error::request_timeout, {}, http_date(), false);
        const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
        stream_->write_some({&bytes, 1}, ignored);
    }
    static_cast<void>(stream_->shutdown_send(ignored));
    stream_->close();
}

}  // namespace websock::net
