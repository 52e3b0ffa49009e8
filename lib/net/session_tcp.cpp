// The one place where plain TCP sessions are compiled.
#include "executors.hpp"
#include "session_impl.hpp"
#include "tcp_stream.hpp"

namespace websock::net {

template class session<tcp_stream<thread_executor>>;
template class session<tcp_stream<strand_executor>>;

}  // namespace websock::net
