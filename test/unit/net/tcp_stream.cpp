// What a plain stream promises beyond the socket calls that it makes.
#include "net/tcp_stream.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <span>

#include "net/executors.hpp"

namespace websock::net {
namespace {

using boost::asio::ip::tcp;
using stream = tcp_stream<thread_executor>;

struct waiting {
    std::optional<error_code> result;
};

detached note_readable(stream& of, waiting& by) { by.result = co_await of.wait_readable(); }
detached note_writable(stream& of, waiting& by) { by.result = co_await of.wait_writable(); }

struct listening {
    boost::asio::io_context context{1};
    tcp::acceptor acceptor{context, {boost::asio::ip::address_v4::loopback(), 0}};
    boost::asio::io_context peers;

    stream accept(tcp::socket& peer) {
        peer.connect(acceptor.local_endpoint());
        stream::socket_type accepted(context.get_executor());
        acceptor.accept(accepted);
        return stream(std::move(accepted));
    }
    void run_until(const std::optional<error_code>& there) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        context.restart();
        while (!there && std::chrono::steady_clock::now() < deadline) {
            context.run_one_until(deadline);
        }
    }
};

BOOST_AUTO_TEST_SUITE(tcp_streams)

// The kernel may report the end of the first one's wait when the second one has its descriptor.
BOOST_AUTO_TEST_CASE(a_wait_ends_with_its_stream_though_another_is_opened_at_once) {
    listening place;
    tcp::socket first_peer(place.peers);
    tcp::socket second_peer(place.peers);
    waiting first_wait;
    waiting second_wait;
    std::optional<stream> first(place.accept(first_peer));
    note_readable(*first, first_wait);
    place.context.poll();
    first->close();
    stream second = place.accept(second_peer);
    note_readable(second, second_wait);
    place.run_until(first_wait.result);
    BOOST_REQUIRE(first_wait.result);
    BOOST_TEST(*first_wait.result == boost::asio::error::operation_aborted);
    BOOST_TEST(!second_wait.result);
    error_code ec;
    first->read_some({}, ec);
    BOOST_TEST(ec == boost::system::errc::bad_file_descriptor);

    boost::asio::write(second_peer, boost::asio::buffer("x", 1));
    place.run_until(second_wait.result);
    BOOST_REQUIRE(second_wait.result);
    BOOST_TEST(!*second_wait.result);
}

BOOST_AUTO_TEST_CASE(both_waits_end_when_the_stream_goes) {
    listening place;
    tcp::socket peer(place.peers);
    waiting read;
    waiting write;
    std::optional<stream> gone(place.accept(peer));
    std::array<std::byte, 65536> much{};
    const std::span<const std::byte> view = much;
    for (error_code ec; !ec;) {
        gone->write_some({&view, 1}, ec);
    }
    note_readable(*gone, read);
    note_writable(*gone, write);
    place.context.poll();
    BOOST_TEST((!read.result && !write.result));
    gone.reset();
    place.run_until(read.result);
    place.run_until(write.result);
    BOOST_REQUIRE((read.result && write.result));
    BOOST_TEST(*read.result == boost::asio::error::operation_aborted);
    BOOST_TEST(*write.result == boost::asio::error::operation_aborted);
    // And the descriptor is closed: the peer reads what was sent, then the end.
    error_code ec;
    while (!ec) {
        peer.read_some(boost::asio::buffer(much), ec);
    }
    BOOST_TEST(ec == boost::asio::error::eof);
}

BOOST_AUTO_TEST_CASE(a_context_may_go_while_a_closed_stream_waits) {
    waiting read;
    {
        std::optional<stream> closed;
        listening place;
        tcp::socket peer(place.peers);
        closed.emplace(place.accept(peer));
        note_readable(*closed, read);
        place.context.poll();
        closed->close();
        closed.reset();
    }
    BOOST_TEST(!read.result);
}

BOOST_AUTO_TEST_CASE(reads_do_not_block) {
    listening place;
    tcp::socket peer(place.peers);
    stream idle = place.accept(peer);
    std::array<std::byte, 16> room;
    error_code ec;
    BOOST_TEST(idle.read_some(room, ec) == 0U);
    BOOST_TEST(would_block(ec));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::net
