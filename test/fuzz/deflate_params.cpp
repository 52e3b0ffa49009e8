// Negotiation of permessage-deflate on arbitrary header fields, by a server and by a client: both
// agree with a slow reading of RFC 7692 §7.1, and a response that is given is good for the client
// that made such an offer. Input: two octets of options, then the field's value.
#include "protocol/deflate_params.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "fuzz/fuzz_input.hpp"

namespace {

using namespace websock::protocol;
using websock::deflate_options;
using websock::fuzz::require;

constexpr const char* names[] = {"server_no_context_takeover", "client_no_context_takeover",
                                 "server_max_window_bits", "client_max_window_bits"};

/// The parameters of an element by their names; nothing if a rule of §7.1 is broken that holds for
/// offers and answers alike. A window without a value is 0.
std::optional<std::map<std::string, int>> slow_read(const extension& element) {
    std::map<std::string, int> read;
    for (const extension_parameter& parameter : element.parameters) {
        const auto* const known = std::ranges::find(names, parameter.name);
        if (known == std::end(names) || read.contains(parameter.name))
            return std::nullopt;
        int bits = 0;
        for (int value = 8; value <= 15; ++value)
            if (parameter.value == std::to_string(value))
                bits = value;
        const bool is_flag = known - names < 2;
        if (is_flag ? parameter.value.has_value() : parameter.value.has_value() && bits == 0)
            return std::nullopt;
        read[parameter.name] = bits;
    }
    return read;
}

int value_or(const std::map<std::string, int>& read, const char* name, int otherwise) {
    const auto found = read.find(name);
    return found == read.end() || found->second == 0 ? otherwise : found->second;
}

deflate_options options_of(std::uint8_t flags, std::uint8_t bits) {
    return {.enabled = (flags & 4U) == 0,
            .server_max_window_bits = 9 + bits % 7,
            .client_max_window_bits = 8 + (bits >> 4U) % 8,
            .server_no_context_takeover = (flags & 1U) != 0,
            .client_no_context_takeover = (flags & 2U) != 0};
}

/// The offer that a server should accept.
const extension* slow_choice(const std::vector<extension>& offers) {
    for (const extension& offer : offers) {
        if (offer.name != "permessage-deflate")
            continue;
        const auto read = slow_read(offer);
        if (read && value_or(*read, names[2], read->contains(names[2]) ? 0 : 15) >= 9)
            return &offer;
    }
    return nullptr;
}

void check_server(const std::vector<extension>& offers, const deflate_options& wanted) {
    const extension* const chosen = wanted.enabled ? slow_choice(offers) : nullptr;
    const auto accepted = accept_offer(offers, wanted);
    require(accepted.has_value() == (chosen != nullptr), "accepts what can be accepted");
    if (!accepted)
        return;
    const deflate_params& agreed = accepted->params;
    const auto offer = slow_read(*chosen).value_or(std::map<std::string, int>());
    require(agreed.server_no_context_takeover ==
                (wanted.server_no_context_takeover || offer.contains(names[0])),
            "the server's takeover as either side asks");
    require(agreed.client_no_context_takeover ==
                (wanted.client_no_context_takeover || offer.contains(names[1])),
            "the client's takeover as either side asks");
    require(agreed.server_max_window_bits ==
                std::min(wanted.server_max_window_bits, value_or(offer, names[2], 15)),
            "the server's window is the smaller one");
    require(agreed.client_max_window_bits ==
                (offer.contains(names[3])
                     ? std::min(wanted.client_max_window_bits, value_or(offer, names[3], 15))
                     : 15),
            "the client's window is the smaller one, if it may be told");

    const auto response = parse_extensions(accepted->response);
    require(response && response->size() == 1, "the response is one extension");
    const auto answer = slow_read(response->front());
    require(answer.has_value(), "with good parameters");
    require(!answer->contains(names[3]) || offer.contains(names[3]),
            "and none that is not asked for");
    require(!answer->contains(names[3]) || answer->at(names[3]) != 0, "and with a value each");
    const deflate_options client{.enabled = true,
                                 .server_max_window_bits = value_or(offer, names[2], 15),
                                 .client_max_window_bits = value_or(offer, names[3], 15),
                                 .server_no_context_takeover = offer.contains(names[0]),
                                 .client_no_context_takeover = offer.contains(names[1])};
    std::optional<deflate_params> judged;
    require(!judge_answer(*response, client, judged), "good for the client that made the offer");
    require(judged == agreed, "who understands the same");
}

void check_client(const std::vector<extension>& answer, const deflate_options& wanted) {
    bool good = wanted.enabled && answer.size() == 1 && answer[0].name == "permessage-deflate";
    std::map<std::string, int> read;
    if (good) {
        const auto parameters = slow_read(answer[0]);
        good = parameters.has_value();
        read = parameters.value_or(read);
    }
    good = good && (!read.contains(names[2]) || read[names[2]] != 0) &&
           (!read.contains(names[3]) || read[names[3]] != 0) &&
           (!wanted.server_no_context_takeover || read.contains(names[0])) &&
           value_or(read, names[2], 15) <= wanted.server_max_window_bits;
    std::optional<deflate_params> agreed;
    const websock::error_code ec = judge_answer(answer, wanted, agreed);
    require(ec.failed() != good, "takes what it asked for, and nothing else");
    require(agreed.has_value() == good, "agreed only if it is good");
    if (!agreed)
        return;
    require(agreed->server_no_context_takeover == read.contains(names[0]), "as the server says");
    require(agreed->server_max_window_bits == value_or(read, names[2], 15), "its window, too");
    require(agreed->client_no_context_takeover ==
                (wanted.client_no_context_takeover || read.contains(names[1])),
            "our direction as either side asks");
    require(agreed->client_max_window_bits ==
                std::min(wanted.client_max_window_bits, value_or(read, names[3], 15)),
            "our window is the smaller one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const deflate_options wanted = options_of(data[0], data[1]);
    const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
    if (const auto parsed = parse_extensions(text)) {
        check_server(*parsed, wanted);
        check_client(*parsed, wanted);
    }
    // An offer of our own, judged by ourselves.
    const auto offer = parse_extensions(make_offer(wanted));
    require(offer && offer->size() == 1, "our offer is one extension");
    check_server(*offer, options_of(data[1], data[0]));
    return 0;
}
