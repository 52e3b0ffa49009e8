// HTTP lexing: what is parsed, written out plainly and parsed again is the same; lists agree with
// list_contains. Input: a field's value.
#include "protocol/http_tokens.hpp"

#include <algorithm>
#include <string>

#include "fuzz/fuzz_input.hpp"

namespace {

using namespace websock::protocol;
using websock::fuzz::require;

void check_token_list(std::string_view value) {
    const auto tokens = parse_token_list(value);
    if (!tokens)
        return;
    std::string plain;
    for (const std::string_view token : *tokens) {
        require(is_token(token), "the elements are tokens");
        require(token.data() >= value.data() &&
                    token.data() + token.size() <= value.data() + value.size(),
                "the views are into the list");
        require(list_contains(value, token), "the list contains its tokens");
        plain += plain.empty() ? "" : ", ";
        plain += token;
    }
    require(parse_token_list(plain) == tokens, "parses again to the same");
    const auto is_upgrade = [](std::string_view token) { return iequals(token, "upgrade"); };
    require(list_contains(value, "Upgrade") == std::ranges::any_of(*tokens, is_upgrade),
            "contains no more than its tokens");
}

/// Writes every value quoted and escaped, or every value as a token.
enum class value_style { token, quoted };

std::string written(const std::vector<extension>& extensions, value_style style) {
    std::string result;
    for (const extension& each : extensions) {
        result += (result.empty() ? "" : ",") + each.name;
        for (const extension_parameter& parameter : each.parameters) {
            result += ";" + parameter.name;
            if (!parameter.value)
                continue;
            result += '=';
            if (style == value_style::token) {
                result += *parameter.value;
                continue;
            }
            result += '"';
            for (const char c : *parameter.value)
                result += {'\\', c};
            result += '"';
        }
    }
    return result;
}

void check_extensions(std::string_view value) {
    const auto extensions = parse_extensions(value);
    if (!extensions)
        return;
    require(!extensions->empty(), "at least one extension");
    for (const extension& each : *extensions) {
        require(is_token(each.name), "names are tokens");
        for (const extension_parameter& parameter : each.parameters) {
            require(is_token(parameter.name), "names of parameters are tokens");
            require(!parameter.value || is_token(*parameter.value), "values are tokens");
        }
    }
    require(parse_extensions(written(*extensions, value_style::token)) == extensions,
            "parses again to the same");
    require(parse_extensions(written(*extensions, value_style::quoted)) == extensions,
            "parses again to the same when quoted");
}

void check_key(std::string_view value) {
    const auto is_base64 = [](char c) { return c == '/' || (is_token_char(c) && c != '-'); };
    if (is_websocket_key(value))
        require(value.size() == 24 && std::ranges::all_of(value.substr(0, 22), is_base64),
                "a key is 22 characters of base64 and its padding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    check_token_list(value);
    check_extensions(value);
    check_key(value);
    require(iequals(value, value), "everything equals itself");
    require(list_contains(value, "") == false, "no list contains an empty token");
    return 0;
}
