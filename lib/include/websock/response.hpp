// The HTTP response with which a server answered a client's opening handshake (RFC 6455 §4.2.2).
#pragma once

#include <string_view>
#include <websock/http_head.hpp>

namespace websock {

/// An HTTP response's head, without its body. Immutable once the client has it, so safe to read
/// from any thread.
class http_response : public http_head {
public:
    http_response() noexcept = default;
    /// `status` is 101 for an accepted upgrade; `version` is 11 for HTTP/1.1. Throws
    /// std::length_error if the head is over 4 GiB.
    http_response(unsigned status, std::string_view reason, unsigned version);

    /// The status code, 0 to 999: RFC 7230 §3.1.2 asks for three digits, and for no more. 0 if no
    /// response has been received.
    [[nodiscard]] unsigned status() const noexcept { return status_; }
    /// The reason phrase as sent, maybe empty. It is the server's text, of any bytes but control
    /// characters: not to be trusted, and not always UTF-8.
    [[nodiscard]] std::string_view reason() const noexcept { return start_line_first(); }
    /// 11 for HTTP/1.1.
    [[nodiscard]] unsigned version() const noexcept { return version_; }

private:
    unsigned status_ = 0;
    unsigned version_ = 0;
};

}  // namespace websock
