// The two arrangements that a session runs in: an io_context that one thread runs, or a strand on
// an executor of the user's. And the streams on them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

namespace websock::net {

using thread_executor = boost::asio::io_context::executor_type;
using strand_executor = boost::asio::strand<boost::asio::any_io_executor>;

}  // namespace websock::net
