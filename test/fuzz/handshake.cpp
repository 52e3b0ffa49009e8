// The opening handshake on arbitrary heads: the scanner agrees with itself however the input is
// cut, and judging never does more than say no.
#include "protocol/handshake.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/request_head.hpp"

namespace {

using websock::request;
namespace protocol = websock::protocol;

// A lax reading of the lines; the real one is Beast's, which is not this layer's.
request read_fields(std::string_view text) {
    const auto line_end = text.find('\n');
    std::string_view line = text.substr(0, line_end);
    const auto first = line.find(' ');
    const auto second = line.find(' ', first == std::string_view::npos ? first : first + 1);
    request head(
        line.substr(0, first),
        first == std::string_view::npos
            ? std::string_view()
            : line.substr(first + 1, second == std::string_view::npos ? std::string_view::npos
                                                                      : second - first - 1),
        second == std::string_view::npos ? 10 : 11);
    while (text.find('\n') != std::string_view::npos) {
        text.remove_prefix(text.find('\n') + 1);
        line = text.substr(0, text.find_first_of("\r\n"));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            std::string_view value = line.substr(colon + 1);
            value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
            head.add_field(line.substr(0, colon), value);
        }
    }
    return head;
}

void scan(std::span<const std::byte> input) {
    websock::connection_options limits;
    limits.max_header_bytes = 2000;
    limits.max_header_line = 300;
    limits.max_header_fields = 10;
    protocol::head_scanner whole(limits);
    const auto expected = whole.feed(input);
    protocol::head_scanner octets(limits);
    protocol::head_scanner::result got;
    for (std::size_t n = 1; n <= input.size() && !got.ec && got.size == 0; ++n) {
        got = octets.feed(input.first(n));
    }
    if (got.ec != expected.ec || got.size != expected.size || got.size > input.size()) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    scan(std::as_bytes(std::span(data, size)));
    const request head = read_fields(text);
    static_cast<void>(protocol::route_path(head));
    const std::string supported[] = {"chat", "superchat"};
    if (!protocol::judge_request(head) && !protocol::judge_upgrade(head)) {
        const websock::deflate_options deflate{.enabled = true};
        protocol::agreement agreed;
        agreed.subprotocol = protocol::choose_subprotocol(head, supported);
        if (const auto offers = protocol::offered_extensions(head)) {
            if (const auto accepted = protocol::accept_offer(*offers, deflate)) {
                agreed.extensions = accepted->response;
            }
        }
        const std::string answer = protocol::upgrade_response(head, agreed, "date");
        if (!answer.starts_with("HTTP/1.1 101 ") || !answer.ends_with("\r\n\r\n")) {
            std::abort();
        }
    }
    websock::http_response response(101, "", 11);
    for (std::size_t i = 0; i < head.field_count(); ++i) {
        response.add_field(head.field(i).name, head.field(i).value);
    }
    const websock::deflate_options deflate{.enabled = true};
    protocol::upgrade_wish wish;
    wish.key = "dGhlIHNhbXBsZSBub25jZQ==";
    wish.subprotocols = supported;
    wish.deflate = &deflate;
    protocol::agreement agreed;
    if (!protocol::judge_upgrade_response(response, wish, agreed) &&
        agreed.deflate.has_value() != !agreed.extensions.empty()) {
        std::abort();
    }
    return 0;
}
