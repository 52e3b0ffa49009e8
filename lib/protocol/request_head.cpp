#include "request_head.hpp"

#include "http_tokens.hpp"

namespace websock::protocol {

head_scanner::result head_scanner::feed(std::span<const std::byte> head) noexcept {
    while (seen_ < head.size() && !complete_) {
        if (seen_ == limits_.max_header_bytes) {
            return {.ec = error::header_too_large};
        }
        if (const error_code ec = take(static_cast<char>(head[seen_])); ec) {
            return {.ec = ec};
        }
        ++seen_;
    }
    return {.size = complete_ ? seen_ : 0, .ec = {}};
}

error_code head_scanner::take(char c) noexcept {
    if (after_cr_ != (c == '\n')) {
        return error::bad_request;  // a bare CR or a bare LF
    }
    if (c == '\n') {
        after_cr_ = false;
        complete_ = line_size_ == 0;
        ++lines_;
        line_size_ = 0;
        // The first line is the request line, the last one is empty.
        return !complete_ && lines_ > limits_.max_header_fields + 1 ? error::header_too_large
                                                                    : error_code();
    }
    if (c == '\r') {
        after_cr_ = true;
        // RFC 7230 §3.1.1: a request begins with its request line.
        return lines_ == 0 && line_size_ == 0 ? error::bad_request : error_code();
    }
    // Anything but a token character cannot begin a method or a field name; a space here would be
    // RFC 7230 §3.2.4: "A server that receives an obs-fold in a request message ... MUST either
    // reject the message by sending a 400 (Bad Request)" or replace it.
    const auto octet = static_cast<unsigned char>(c);
    if ((line_size_ == 0 && !is_token_char(c)) || (octet < 0x20 && c != '\t') || octet == 0x7F) {
        return error::bad_request;
    }
    if (++line_size_ > limits_.max_header_line) {
        return lines_ == 0 ? error::target_too_long : error::header_too_large;
    }
    return {};
}

}  // namespace websock::protocol
