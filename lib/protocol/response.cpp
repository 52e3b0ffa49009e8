// The response's own part of its head: the status line.
#include <websock/response.hpp>

namespace websock {

http_response::http_response(unsigned status, std::string_view reason, unsigned version)
    : http_head(reason, {}), status_(status), version_(version) {}

}  // namespace websock
