#include "request_head.hpp"

#include <algorithm>

#include "http_tokens.hpp"

namespace websock::protocol {

head_scanner::result head_scanner::feed(std::span<const std::byte> head) noexcept {
    while (seen_ < head.size() && !complete_) {
        if (seen_ == limits_.max_header_bytes) {
            return {.ec = error::header_too_large};
        }
        if (line_size_ > 0 && !after_cr_ && skip_text(head) > 0) {
            continue;
        }
        if (const error_code ec = take(static_cast<char>(head[seen_])); ec) {
            return {.ec = ec};
        }
        ++seen_;
    }
    return {.size = complete_ ? seen_ : 0, .ec = {}};
}

// What most of a line is, in few instructions: characters that neither end it nor may not be there.
std::size_t head_scanner::skip_text(std::span<const std::byte> head) noexcept {
    const std::size_t bytes = std::min(head.size(), limits_.max_header_bytes) - seen_;
    const std::size_t most =
        std::min(bytes, limits_.max_header_line - std::min(limits_.max_header_line, line_size_));
    const auto text = head.subspan(seen_, most);
    const auto end = std::ranges::find_if(
        text, [](std::byte octet) { return octet < std::byte{0x20} || octet == std::byte{0x7F}; });
    const auto size = static_cast<std::size_t>(end - text.begin());
    seen_ += size;
    line_size_ += size;
    return size;
}

error_code head_scanner::take(char c) noexcept {
    if (after_cr_ != (c == '\n')) {
        return malformed();  // a bare CR or a bare LF
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
        return lines_ == 0 && line_size_ == 0 ? make_error_code(malformed()) : error_code();
    }
    const auto octet = static_cast<unsigned char>(c);
    if ((line_size_ == 0 && !may_begin_line(c)) || (octet < 0x20 && c != '\t') || octet == 0x7F) {
        return malformed();
    }
    if (++line_size_ > limits_.max_header_line) {
        return lines_ == 0 && kind_ == head_kind::request ? error::target_too_long
                                                          : error::header_too_large;
    }
    return {};
}

// Anything but a token character cannot begin a method, a version or a field name. A space would be
// a folded line. RFC 7230 §3.2.4: "A server that receives an obs-fold in a request message ... MUST
// either reject the message by sending a 400 (Bad Request)" or replace it; "A user agent that
// receives an obs-fold in a response message ... MUST replace" it, which the parser does.
bool head_scanner::may_begin_line(char c) const noexcept {
    const bool folded = c == ' ' || c == '\t';
    return is_token_char(c) || (folded && kind_ == head_kind::response && lines_ > 0);
}

}  // namespace websock::protocol
