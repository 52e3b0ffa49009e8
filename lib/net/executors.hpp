// The two arrangements that a session runs in: an io_context that one thread runs, or a strand on
// an executor of the user's. And which of them it is to be.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>

namespace websock::net {

using thread_executor = boost::asio::io_context::executor_type;
using strand_executor = boost::asio::strand<boost::asio::any_io_executor>;

/// What is known of an executor of the user's.
enum class concurrency : std::uint8_t {
    parallel,  ///< several handlers may run on it at once
    serial,    ///< never more than one: the user's promise
};

/// Calls `use` with the executor, of one of the two types, that a session over `given` runs on.
template <class Use>
void with_strand(const boost::asio::any_io_executor& given, concurrency promised, Use use) {
    if (!given) {
        throw boost::asio::execution::bad_executor();
    }
    const auto* const own =
        promised == concurrency::serial ? given.target<thread_executor>() : nullptr;
    if (own != nullptr) {
        use(*own);
    } else {
        use(strand_executor(given));
    }
}

}  // namespace websock::net
