// An echo on Boost.Beast with coroutines, as its example websocket/server/awaitable has it: a
// buffer for each message. Tuned: one buffer for all of them, and the concrete executor in the
// coroutine too.
#include "beast.hpp"

namespace {

namespace asio = bench::asio;
namespace beast = bench::beast;

template <typename Shape>
using coroutine = asio::awaitable<void, typename Shape::executor>;
template <typename Shape>
constexpr asio::use_awaitable_t<typename Shape::executor> awaited{};

template <typename Shape, typename Stream>
coroutine<Shape> echo(Stream& stream) {
    if constexpr (bench::is_tuned<Shape>) {
        beast::flat_buffer buffer;
        for (;;) {
            co_await stream.async_read(buffer, awaited<Shape>);
            stream.text(stream.got_text());
            co_await stream.async_write(buffer.data(), awaited<Shape>);
            buffer.consume(buffer.size());
        }
    } else {
        for (;;) {
            beast::flat_buffer buffer;
            co_await stream.async_read(buffer, awaited<Shape>);
            stream.text(stream.got_text());
            co_await stream.async_write(buffer.data(), awaited<Shape>);
        }
    }
}

template <typename Shape, typename Stream>
coroutine<Shape> session(Stream stream) {
    try {
        if constexpr (bench::is_tls<Stream>) {
            co_await stream.next_layer().async_handshake(asio::ssl::stream_base::server,
                                                         awaited<Shape>);
        }
        bench::set_options<Shape>(stream);
        co_await stream.async_accept(awaited<Shape>);
        co_await echo<Shape>(stream);
    } catch (const boost::system::system_error&) {
        // closed by the client, or a mistake of its
    }
}

template <typename Shape>
void serve(const bench::settings& chosen) {
    const bool secure = chosen.tls;
    bench::serve<Shape>(chosen, [secure](auto socket, asio::ssl::context& tls) {
        const auto executor = socket.get_executor();
        if (secure) {
            bench::tls_stream<Shape> stream(std::move(socket), tls);
            asio::co_spawn(executor, session<Shape>(std::move(stream)), asio::detached);
        } else {
            bench::plain_stream<Shape> stream(std::move(socket));
            asio::co_spawn(executor, session<Shape>(std::move(stream)), asio::detached);
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, [](const bench::settings& chosen) {
        chosen.tuned ? serve<bench::tuned>(chosen) : serve<bench::documented>(chosen);
    });
}
