#include "deflate_params.hpp"

#include <algorithm>
#include <utility>

namespace websock::protocol {
namespace {

constexpr int largest_window = 15;
// zlib cannot compress raw DEFLATE with a window of 256 bytes; it can decompress it.
constexpr int smallest_own_window = 9;

// The parameters of one element of the list, as they were written.
struct written_params {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    std::optional<int> server_max_window_bits;
    bool has_client_max_window_bits = false;
    std::optional<int> client_max_window_bits;
};

// RFC 7692 §7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
// [7692-7.1.2.1-1, 7692-7.1.2.1-2, 7692-7.1.2.2-1, 7692-7.1.2.2-2]
std::optional<int> window_bits_of(std::string_view text) noexcept {
    if (text == "8" || text == "9") {
        return text[0] - '0';
    }
    if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') {
        return 10 + (text[1] - '0');
    }
    return std::nullopt;
}

// RFC 7692 §7: "A server MUST decline an extension negotiation offer for this extension if any of
// the following conditions are met": a parameter that is not defined for use in an offer, one with
// an invalid value, or several with the same name. A client must fail on such an answer (§7).
// [7692-7-1, 7692-7-2]
bool take_parameter(const extension_parameter& parameter, written_params& into) {
    const auto take_flag = [&parameter](bool& flag) {
        return !parameter.value && !std::exchange(flag, true);
    };
    if (parameter.name == "server_no_context_takeover") {
        return take_flag(into.server_no_context_takeover);
    }
    if (parameter.name == "client_no_context_takeover") {
        return take_flag(into.client_no_context_takeover);
    }
    if (parameter.name == "server_max_window_bits") {
        if (!parameter.value || into.server_max_window_bits) {
            return false;
        }
        into.server_max_window_bits = window_bits_of(*parameter.value);
        return into.server_max_window_bits.has_value();
    }
    if (parameter.name == "client_max_window_bits") {
        if (std::exchange(into.has_client_max_window_bits, true)) {
            return false;
        }
        if (parameter.value) {
            into.client_max_window_bits = window_bits_of(*parameter.value);
            return into.client_max_window_bits.has_value();
        }
        return true;
    }
    return false;
}

std::optional<written_params> read_params(const extension& element) {
    written_params written;
    for (const extension_parameter& parameter : element.parameters) {
        if (!take_parameter(parameter, written)) {
            return std::nullopt;
        }
    }
    return written;
}

void add_flag(std::string& to, bool set, std::string_view name) {
    if (set) {
        to.append("; ").append(name);
    }
}

void add_bits(std::string& to, bool set, std::string_view name, int bits) {
    if (set) {
        // [7692-7.1.2.1-2, 7692-7.1.2.2-2]
        to.append("; ").append(name).append("=").append(std::to_string(bits));
    }
}

deflate_acceptance accept(const written_params& offer, const deflate_options& wanted) {
    deflate_params agreed{
        .server_no_context_takeover =
            offer.server_no_context_takeover || wanted.server_no_context_takeover,
        .client_no_context_takeover =
            offer.client_no_context_takeover || wanted.client_no_context_takeover,
        .server_max_window_bits = std::min(offer.server_max_window_bits.value_or(largest_window),
                                           wanted.server_max_window_bits)};
    // §7.1.2.2: "If a received extension negotiation offer doesn't have the
    // "client_max_window_bits" extension parameter, the corresponding extension negotiation
    // response to the offer MUST NOT include the "client_max_window_bits" extension parameter."
    // [7692-7.1.2.2-3]
    if (offer.has_client_max_window_bits) {
        agreed.client_max_window_bits = std::min(
            offer.client_max_window_bits.value_or(largest_window), wanted.client_max_window_bits);
    }
    // [7692-5-3, 6455-9.1-3]
    std::string response(permessage_deflate);
    add_flag(response, agreed.server_no_context_takeover, "server_no_context_takeover");
    add_flag(response, agreed.client_no_context_takeover, "client_no_context_takeover");
    add_bits(response,
             offer.server_max_window_bits || agreed.server_max_window_bits < largest_window,
             "server_max_window_bits", agreed.server_max_window_bits);
    add_bits(response,
             offer.client_max_window_bits || agreed.client_max_window_bits < largest_window,
             "client_max_window_bits", agreed.client_max_window_bits);
    return {agreed, std::move(response)};
}

}  // namespace

std::optional<deflate_acceptance> accept_offer(std::span<const extension> offers,
                                               const deflate_options& wanted) {
    if (!wanted.enabled) {
        return std::nullopt;
    }
    // RFC 7692 §5: offers are "in order of preference"; elements of other extensions are passed
    // over, RFC 6455 §9.1: a server may leave out what it does not know.
    for (const extension& offer : offers) {
        // [6455-4.2.2-8, 7692-5-5, 7692-5-7]
        if (offer.name != permessage_deflate) {
            continue;
        }
        const auto params = read_params(offer);
        if (params &&
            // [7692-5-4]
            params->server_max_window_bits.value_or(largest_window) >= smallest_own_window) {
            return accept(*params, wanted);
        }
    }
    // [7692-5-9]
    return std::nullopt;
}

std::string make_offer(const deflate_options& wanted) {
    // [6455-9-2, 6455-9.1-3, 6455-9.1-4, 7692-5-1]
    std::string offer(permessage_deflate);
    add_flag(offer, wanted.server_no_context_takeover, "server_no_context_takeover");
    add_flag(offer, wanted.client_no_context_takeover, "client_no_context_takeover");
    // [7692-5-2]
    add_bits(offer, wanted.server_max_window_bits < largest_window, "server_max_window_bits",
             wanted.server_max_window_bits);
    if (wanted.client_max_window_bits < largest_window) {
        add_bits(offer, true, "client_max_window_bits", wanted.client_max_window_bits);
    } else {
        add_flag(offer, true, "client_max_window_bits");  // the server may ask for less
    }
    return offer;
}

error_code judge_answer(std::span<const extension> answer, const deflate_options& wanted,
                        std::optional<deflate_params>& agreed) {
    agreed.reset();
    if (answer.empty()) {
        return {};
    }
    // RFC 6455 §4.1: "this header field indicates the use of an extension that was not present in
    // the client's handshake (the server has indicated an extension not requested by the client),
    // the client MUST _Fail the WebSocket Connection_."
    // [6455-4.1-37, 7692-5-6, 7692-5-8, 7692-5-10]
    if (!wanted.enabled || answer.size() != 1 || answer[0].name != permessage_deflate) {
        return error::bad_upgrade_response;
    }
    const auto params = read_params(answer[0]);
    if (!params) {
        return error::bad_upgrade_response;
    }
    // §7.1.1.1, §7.1.2.1: a server accepts what the offer demands by repeating it, the window "with
    // the same or smaller value as the offer"; an answer's client_max_window_bits has a value.
    const int server_bits = params->server_max_window_bits.value_or(largest_window);
    // [7692-7-2]
    if ((wanted.server_no_context_takeover && !params->server_no_context_takeover) ||
        server_bits > wanted.server_max_window_bits ||
        (params->has_client_max_window_bits && !params->client_max_window_bits)) {
        return error::bad_upgrade_response;
    }
    // What was offered for our own direction is kept, whatever the answer says (§7.1.1.2: it is a
    // hint to the server).
    agreed = {.server_no_context_takeover = params->server_no_context_takeover,
              .client_no_context_takeover =
                  // [7692-7.1.1.2-1]
              params->client_no_context_takeover || wanted.client_no_context_takeover,
              .server_max_window_bits = server_bits,
              .client_max_window_bits =
                  // [7692-7.2.2-6]
              std::min(params->client_max_window_bits.value_or(largest_window),
                       wanted.client_max_window_bits)};
    return {};
}

std::string_view find_bad_option(const deflate_options& options) noexcept {
    const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
    if (!within(options.level, 1, 9)) {
        return "deflate.level must be 1 to 9";
    }
    if (!within(options.memory_level, 1, 9)) {
        return "deflate.memory_level must be 1 to 9";
    }
    if (!within(options.server_max_window_bits, smallest_own_window, largest_window)) {
        return "deflate.server_max_window_bits must be 9 to 15";
    }
    if (!within(options.client_max_window_bits, 8, largest_window)) {
        return "deflate.client_max_window_bits must be 8 to 15";
    }
    return {};
}

}  // namespace websock::protocol
