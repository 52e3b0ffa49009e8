// The one place where TLS sessions are compiled.
#include "executors.hpp"
#include "session_impl.hpp"
#include "tls_stream.hpp"

namespace websock::net {

// [6455-10.6-1]
template class session<tls_stream<thread_executor>>;
template class session<tls_stream<strand_executor>>;

}  // namespace websock::net
