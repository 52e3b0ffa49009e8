// HTTP lexing (RFC 7230 §3.2.6, §7; RFC 6455 §9.1): each rule from both sides.
#include "protocol/http_tokens.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace websock::protocol {
namespace {

using tokens = std::vector<std::string_view>;
using extensions = std::vector<extension>;

BOOST_AUTO_TEST_SUITE(http_tokens)

BOOST_AUTO_TEST_CASE(token_chars_are_exactly_those_of_rfc_7230) {
    const std::string expected =
        "!#$%&'*+-.^_`|~0123456789"
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int value = 0; value < 256; ++value) {
        const char c = static_cast<char>(value);
        BOOST_TEST(is_token_char(c) == (expected.find(c) != std::string::npos), "char " << value);
    }
}

BOOST_AUTO_TEST_CASE(token_has_at_least_one_char) {
    BOOST_TEST(is_token("a"));
    BOOST_TEST(is_token("permessage-deflate"));
    BOOST_TEST(!is_token(""));
    BOOST_TEST(!is_token("a b"));
    BOOST_TEST(!is_token("a;"));
    BOOST_TEST(!is_token("\"a\""));
    BOOST_TEST(!is_token("caf\u00e9"));
}

BOOST_AUTO_TEST_CASE(case_matters_not_for_ascii_letters_only) {
    BOOST_TEST(iequals("", ""));
    BOOST_TEST(iequals("WebSocket", "wEBsOCKET"));
    BOOST_TEST(iequals("azAZ", "AZaz"));
    BOOST_TEST(!iequals("websocket", "websocke"));
    BOOST_TEST(!iequals("websocke", "websocket"));
    // 0x20 apart, but no letters.
    BOOST_TEST(!iequals("@", "`"));
    BOOST_TEST(!iequals("[", "{"));
    BOOST_TEST(!iequals("\xC4", "\xE4"));
    BOOST_TEST(!iequals("1", "\x11"));
}

BOOST_AUTO_TEST_CASE(token_list_is_split_at_commas_and_trimmed) {
    BOOST_TEST((parse_token_list("chat") == tokens{"chat"}));
    BOOST_TEST((parse_token_list("chat, superchat") == tokens{"chat", "superchat"}));
    BOOST_TEST((parse_token_list("a,b,c") == tokens{"a", "b", "c"}));
    BOOST_TEST((parse_token_list(" \ta \t,\t b ") == tokens{"a", "b"}));
    BOOST_TEST((parse_token_list("a, A, a") == tokens{"a", "A", "a"}));
}

// RFC 7230 §7: "a recipient MUST parse and ignore a reasonable number of empty list elements".
BOOST_AUTO_TEST_CASE(empty_elements_of_a_token_list_are_dropped) {
    BOOST_TEST((parse_token_list("") == tokens{}));
    BOOST_TEST((parse_token_list(" , ,,") == tokens{}));
    BOOST_TEST((parse_token_list(",a,,b, ,") == tokens{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(token_list_with_anything_else_is_refused) {
    for (const char* list : {"a b", "a, b c", "a;b", "a, \"b\"", "(a)", "a=1", "a\n", "a\r\nb",
                             "a/b", "caf\u00e9", "a, \"", "@"})
        BOOST_TEST(!parse_token_list(list).has_value(), list);
    BOOST_TEST(!parse_token_list(std::string_view("a\0b", 3)).has_value());
}

BOOST_AUTO_TEST_CASE(views_of_a_token_list_are_into_it) {
    const std::string list = "one, two";
    const auto parsed = parse_token_list(list);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(static_cast<const void*>(parsed->at(1).data()) ==
               static_cast<const void*>(list.data() + 5));
}

BOOST_AUTO_TEST_CASE(list_contains_a_token_in_any_case) {
    BOOST_TEST(list_contains("Upgrade", "upgrade"));
    BOOST_TEST(list_contains("keep-alive, Upgrade", "upgrade"));
    BOOST_TEST(list_contains("keep-alive,UPGRADE ,x", "Upgrade"));
    BOOST_TEST(!list_contains("", "upgrade"));
    BOOST_TEST(!list_contains("keep-alive", "upgrade"));
    BOOST_TEST(!list_contains("upgraded, up grade, -upgrade", "upgrade"));
    BOOST_TEST(!list_contains(",,", ""));
}

BOOST_AUTO_TEST_CASE(elements_that_are_no_token_are_skipped) {
    BOOST_TEST(list_contains("h2c; q=1, websocket", "websocket"));
    BOOST_TEST(list_contains("\"a, b\", websocket", "websocket"));
    BOOST_TEST(list_contains("\"a\\\", b\", websocket", "websocket"));
    BOOST_TEST(!list_contains("websocket; q=1", "websocket"));
    BOOST_TEST(!list_contains("\"websocket\"", "websocket"));
    BOOST_TEST(!list_contains("x=\"a, websocket, b\"", "websocket"));
    BOOST_TEST(!list_contains("\"a, websocket", "websocket"));
}

// RFC 6455 §9.1, the examples.
BOOST_AUTO_TEST_CASE(examples_of_the_rfc_are_read) {
    BOOST_TEST((parse_extensions("foo") == extensions{{"foo", {}}}));
    BOOST_TEST((parse_extensions("bar; baz=2") == extensions{{"bar", {{"baz", "2"}}}}));
    BOOST_TEST(
        (parse_extensions("foo, bar; baz=2") == extensions{{"foo", {}}, {"bar", {{"baz", "2"}}}}));
    BOOST_TEST((parse_extensions("deflate-stream") == extensions{{"deflate-stream", {}}}));
    BOOST_TEST((parse_extensions("mux; max-channels=4; flow-control, deflate-stream") ==
                extensions{{"mux", {{"max-channels", "4"}, {"flow-control", std::nullopt}}},
                           {"deflate-stream", {}}}));
    BOOST_TEST((parse_extensions("private-extension") == extensions{{"private-extension", {}}}));
}

// RFC 7692 §7.1, offers of browsers.
BOOST_AUTO_TEST_CASE(offers_of_permessage_deflate_are_read) {
    const extensions expected{
        {"permessage-deflate",
         {{"client_max_window_bits", std::nullopt}, {"server_max_window_bits", "10"}}},
        {"permessage-deflate", {{"client_max_window_bits", std::nullopt}}}};
    BOOST_TEST((parse_extensions("permessage-deflate; client_max_window_bits; "
                                 "server_max_window_bits=10, permessage-deflate; "
                                 "client_max_window_bits") == expected));
}

BOOST_AUTO_TEST_CASE(white_space_of_extensions_does_not_matter) {
    const extensions expected{{"a", {{"b", "1"}, {"c", std::nullopt}}}, {"d", {}}};
    BOOST_TEST((parse_extensions("a;b=1;c,d") == expected));
    BOOST_TEST((parse_extensions(" a ; b = 1 ;\tc , d\t") == expected));
    BOOST_TEST((parse_extensions("a;b= \"1\" ;c,d") == expected));
}

BOOST_AUTO_TEST_CASE(quoted_values_are_unescaped) {
    BOOST_TEST((parse_extensions("a; b=\"10\"") == extensions{{"a", {{"b", "10"}}}}));
    BOOST_TEST((parse_extensions("a; b=\"1\\0\"") == extensions{{"a", {{"b", "10"}}}}));
    BOOST_TEST(
        (parse_extensions("a; b=\"\\1\\0\", c") == extensions{{"a", {{"b", "10"}}}, {"c", {}}}));
}

// RFC 6455 §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
// [6455-4.3-1, 6455-9.1-2]
BOOST_AUTO_TEST_CASE(quoted_values_that_are_no_token_are_refused) {
    for (const char* value :
         {"a; b=\"\"", "a; b=\" \"", "a; b=\"1 0\"", "a; b=\"1,0\"", "a; b=\"1;0\"",
          "a; b=\"\\\"\"", "a; b=\"1\\\\0\"", "a; b=\"1=0\"", "a; b=\"\\ \""})
        BOOST_TEST(!parse_extensions(value).has_value(), value);
}

BOOST_AUTO_TEST_CASE(unfinished_quoted_values_are_refused) {
    for (const char* value : {"a; b=\"", "a; b=\"1", "a; b=\"1\\", "a; b=\"1\\\"", "a; b=\"1, c"})
        BOOST_TEST(!parse_extensions(value).has_value(), value);
}

BOOST_AUTO_TEST_CASE(extensions_that_break_the_grammar_are_refused) {
    for (const char* value : {";",
                              "=",
                              "a;",
                              "a; ",
                              "a;;b",
                              "a; =1",
                              "a; b=",
                              "a; b= ; c",
                              "a b",
                              "a; b c",
                              "a; b=1 2",
                              "a; b=1=2",
                              "a=1",
                              "\"a\"",
                              "a; \"b\"",
                              "a; b=\"1\"2",
                              "a; b=\"1\"\"2\"",
                              "a, ;",
                              "a\n",
                              "a; b=\u00e9",
                              "a; b=1, c d",
                              "(a)"})
        BOOST_TEST(!parse_extensions(value).has_value(), value);
}

// RFC 6455 §9.1: "extension-list = 1#extension".
BOOST_AUTO_TEST_CASE(extension_list_may_have_empty_elements_but_not_only) {
    BOOST_TEST((parse_extensions(", a,, b ,") == extensions{{"a", {}}, {"b", {}}}));
    for (const char* value : {"", " ", ",", " , ,"})
        BOOST_TEST(!parse_extensions(value).has_value(), value);
}

// RFC 6455 §4.2.1: "when decoded, is 16 bytes in length".
BOOST_AUTO_TEST_CASE(key_is_base64_of_16_bytes) {
    BOOST_TEST(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
    BOOST_TEST(is_websocket_key("x3JJHMbDL1EzLkh9GBhXDw=="));
    BOOST_TEST(is_websocket_key("AAAAAAAAAAAAAAAAAAAAAA=="));
    BOOST_TEST(is_websocket_key("//////////+/+/+/+/+/+w=="));
}

// The example of RFC 6455 §4.1 has some, and clients copied it.
BOOST_AUTO_TEST_CASE(key_may_have_pad_bits_that_are_not_zero) {
    BOOST_TEST(is_websocket_key("AQIDBAUGBwgJCgsMDQ4PEC=="));
    BOOST_TEST(is_websocket_key("AAAAAAAAAAAAAAAAAAAAAB=="));
}

BOOST_AUTO_TEST_CASE(key_of_another_size_or_alphabet_is_refused) {
    for (const char* key :
         {"", "==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=",
          "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZQAA",
          "dGhlIHNhbXBsZSBub25jZQA=", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZUFBQQ==",
          " dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ== ", "dGhlIHNhbXBsZSBub25j-Q==",
          "dGhlIHNhbXBsZSBub25j_Q==", "dGhl=HNhbXBsZSBub25jZQ==", "dGhl HNhbXBsZSBub25jZQ=="})
        BOOST_TEST(!is_websocket_key(key), key);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
