// An echo on Boost.Beast with callbacks, as its example websocket/server/async has it.
#include "beast.hpp"

namespace {

using bench::error_code;
namespace asio = bench::asio;
namespace beast = bench::beast;

template <typename Shape, typename Stream>
class session : public std::enable_shared_from_this<session<Shape, Stream>> {
public:
    template <typename... Args>
    explicit session(Args&&... args) : stream_(std::forward<Args>(args)...) {}

    void run() {
        asio::dispatch(stream_.get_executor(),
                       beast::bind_front_handler(&session::on_run, this->shared_from_this()));
    }

private:
    void on_run() {
        if constexpr (bench::is_tls<Stream>) {
            if constexpr (!bench::is_tuned<Shape>) {
                beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(30));
            }
            stream_.next_layer().async_handshake(
                asio::ssl::stream_base::server,
                beast::bind_front_handler(&session::on_handshake, this->shared_from_this()));
        } else {
            on_handshake({});
        }
    }

    void on_handshake(error_code ec) {
        if (ec) {
            return;
        }
        if constexpr (!bench::is_tuned<Shape>) {
            beast::get_lowest_layer(stream_).expires_never();
        }
        bench::set_options<Shape>(stream_);
        stream_.async_accept(
            beast::bind_front_handler(&session::on_accept, this->shared_from_this()));
    }

    void on_accept(error_code ec) {
        if (!ec) {
            read();
        }
    }

    void read() {
        stream_.async_read(buffer_,
                           beast::bind_front_handler(&session::on_read, this->shared_from_this()));
    }

    void on_read(error_code ec, std::size_t) {
        if (ec) {
            return;
        }
        stream_.text(stream_.got_text());
        stream_.async_write(buffer_.data(), beast::bind_front_handler(&session::on_write,
                                                                      this->shared_from_this()));
    }

    void on_write(error_code ec, std::size_t) {
        if (ec) {
            return;
        }
        buffer_.consume(buffer_.size());
        read();
    }

    Stream stream_;
    beast::flat_buffer buffer_;
};

template <typename Shape>
void serve(const bench::settings& chosen) {
    const bool secure = chosen.tls;
    bench::serve<Shape>(chosen, [secure](auto socket, asio::ssl::context& tls) {
        if (secure) {
            std::make_shared<session<Shape, bench::tls_stream<Shape>>>(std::move(socket), tls)
                ->run();
        } else {
            std::make_shared<session<Shape, bench::plain_stream<Shape>>>(std::move(socket))->run();
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, [](const bench::settings& chosen) {
        chosen.tuned ? serve<bench::tuned>(chosen) : serve<bench::documented>(chosen);
    });
}
