// From a URL to an open session: names, addresses, TCP, and then a session in the client's role.
// One deadline for all of it, and one end: a connection, or an error with nothing left open.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <websock/options.hpp>
#include <websock/response.hpp>

#include "../protocol/url.hpp"
#include "application.hpp"
#include "executors.hpp"
#include "tls_config.hpp"

namespace websock::net {

/// Whom to connect to, and how.
struct connect_request {
    boost::system::result<protocol::ws_url> url;
    connection_options options;
    std::vector<std::string> subprotocols;
    std::vector<std::pair<std::string, std::string>> headers;
    std::shared_ptr<const tls_settings> tls;  ///< for wss
    log_sink log;
    std::unique_ptr<consumer> use;
    concurrency promised = concurrency::parallel;
};

struct connect_outcome {
    error_code ec;
    std::shared_ptr<driver> connection;  ///< open; null after an error
    http_response answer;                ///< status() is 0 if there was none
};

using outcome_handler = boost::asio::any_completion_handler<void(connect_outcome)>;

/// Connects; completes never inside this call, on the handler's executor or else on `executor`. The
/// handler's cancellation slot ends it at any point. Besides what can happen on the way there are
/// the errors of the URL, and error::bad_argument for a header field or a subprotocol that is
/// malformed, or a field that the handshake writes itself.
void start_connect(const boost::asio::any_io_executor& executor, connect_request wanted,
                   outcome_handler handler);

}  // namespace websock::net
