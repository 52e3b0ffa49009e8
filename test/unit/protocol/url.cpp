// ws and wss URLs (RFC 6455 §3, RFC 3986): what is taken apart how, and what is refused.
#include "protocol/url.hpp"

#include <boost/test/unit_test.hpp>
#include <cctype>
#include <string>
#include <string_view>

namespace websock::protocol {
namespace {

/// All parts in one line: "scheme host:port host_field target"; "refused" if it does not parse.
std::string parts(std::string_view text) {
    const auto url = parse_ws_url(text);
    if (!url) {
        BOOST_TEST(url.error() == make_error_code(error::bad_argument));
        return "refused";
    }
    return (url->secure ? "wss " : "ws ") + url->host + " " + std::to_string(url->port) + " " +
           url->host_field + " " + url->target;
}

/// "user|password", "none", or "refused".
std::string credentials(std::string_view userinfo) {
    const auto url = parse_ws_url("ws://" + std::string(userinfo) + "@h/");
    if (!url)
        return "refused";
    BOOST_TEST(url->host == "h");
    return url->has_credentials ? url->userinfo_user + "|" + url->userinfo_password : "none";
}

bool accepted(std::string_view text) { return parse_ws_url(text).has_value(); }

std::string with_octet(std::string_view head, int octet, std::string_view tail) {
    return std::string(head) + static_cast<char>(octet) + std::string(tail);
}

BOOST_AUTO_TEST_SUITE(url)

BOOST_AUTO_TEST_CASE(parts_of_a_url) {
    BOOST_TEST(parts("ws://example.com/chat?room=1") ==
               "ws example.com 80 example.com /chat?room=1");
    BOOST_TEST(parts("wss://example.com:8443/a/b;c=d/e%20f?x=/?&y=%ff") ==
               "wss example.com 8443 example.com:8443 /a/b;c=d/e%20f?x=/?&y=%ff");
}

BOOST_AUTO_TEST_CASE(scheme_and_host_are_of_any_case_the_target_is_not) {
    BOOST_TEST(parts("WS://Example.COM/Chat") == "ws example.com 80 example.com /Chat");
    BOOST_TEST(parts("wSs://EXAMPLE.com/%aF") == "wss example.com 443 example.com /%aF");
}

// RFC 6455 §3: "the port component is OPTIONAL; the default for "ws" is port 80, while the default
// for "wss" is port 443."
// [6455-4.1-19]
BOOST_AUTO_TEST_CASE(the_default_port_is_not_in_the_host_field) {
    BOOST_TEST(parts("ws://h:80/") == "ws h 80 h /");
    BOOST_TEST(parts("wss://h:443/") == "wss h 443 h /");
    BOOST_TEST(parts("ws://h:443/") == "ws h 443 h:443 /");
    BOOST_TEST(parts("wss://h:80/") == "wss h 80 h:80 /");
    BOOST_TEST(parts("ws://h:/") == "ws h 80 h /");
    BOOST_TEST(parts("ws://h:0080/") == "ws h 80 h /");
}

BOOST_AUTO_TEST_CASE(ports_are_1_to_65535) {
    BOOST_TEST(parts("ws://h:1/") == "ws h 1 h:1 /");
    BOOST_TEST(parts("ws://h:65535/") == "ws h 65535 h:65535 /");
    for (const char* const bad : {"0", "00", "65536", "65616", "4294967376", "18446744073709551696",
                                  "-1", "+1", "8a", "a", "80:80", "%38", " 80", "0x50"})
        BOOST_TEST(parts("ws://h:" + std::string(bad) + "/") == "refused", bad);
}

// RFC 6455 §3: ""/" if the path component is empty", then "?" and the query.
// [6455-4.1-18]
BOOST_AUTO_TEST_CASE(an_empty_path_is_a_slash) {
    BOOST_TEST(parts("ws://h") == "ws h 80 h /");
    BOOST_TEST(parts("ws://h:81") == "ws h 81 h:81 /");
    BOOST_TEST(parts("ws://h?") == "ws h 80 h /?");
    BOOST_TEST(parts("ws://h?a=b/c") == "ws h 80 h /?a=b/c");
    BOOST_TEST(parts("ws://h//double") == "ws h 80 h //double");
    BOOST_TEST(parts("ws://h/@:/?@:") == "ws h 80 h /@:/?@:");
}

// [6455-4.1-2, 6455-4.1-3]
BOOST_AUTO_TEST_CASE(other_schemes_are_refused) {
    for (const char* const bad :
         {"http://h/", "https://h/", "wsss://h/", "w://h/", "://h/", "//h/", "h", "h/", "",
          "ws:", "ws:h", "ws:/h", "ws//h", "ws", " ws://h/", "ws ://h/", "x/ws://h/"})
        BOOST_TEST(parts(bad) == "refused", bad);
}

// RFC 6455 §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT
// be used on these URIs. … the character "#", when not indicating the start of a fragment, MUST be
// escaped as %23."
// [6455-4.1-2, 6455-4.1-3]
BOOST_AUTO_TEST_CASE(fragments_are_refused_an_escaped_number_sign_is_not) {
    for (const char* const bad : {"ws://h#", "ws://h/#", "ws://h/a#b", "ws://h/?a#b", "ws://h#/"})
        BOOST_TEST(parts(bad) == "refused", bad);
    BOOST_TEST(parts("ws://h/%23?%23") == "ws h 80 h /%23?%23");
}

// [6455-4.1-2, 6455-4.1-3]
BOOST_AUTO_TEST_CASE(host_names) {
    for (const char* const good : {"h", "localhost", "a.b.c", "a-b.c_d", "xn--bcher-kva.example",
                                   "1.example", "1a", "example.com.", "0x.example", "_x"})
        BOOST_TEST(parts("ws://" + std::string(good)) ==
                   "ws " + std::string(good) + " 80 " + good + " /");
    for (const char* const bad : {"", ".", "..", ".a", "a..b", "a..", "a%41", "a b", "a,b", "a*b",
                                  "b\xc3\xbc"
                                  "cher",
                                  "a\\b", "a|b", "a~b", "a(b)", "a]", "a[::1]"})
        BOOST_TEST(parts("ws://" + std::string(bad) + "/") == "refused", bad);
    BOOST_TEST(parts("ws:///path") == "refused");
    BOOST_TEST(parts("ws://:80/") == "refused");
    BOOST_TEST(parts("ws://?x") == "refused");
}

// RFC 1035 §2.3.4: "labels 63 octets or less, names 255 octets or less".
BOOST_AUTO_TEST_CASE(host_names_are_limited) {
    const std::string label(63, 'a');
    const std::string name = label + '.' + label + '.' + label + '.' + std::string(61, 'a');
    BOOST_TEST(name.size() == 253U);
    BOOST_TEST(accepted("ws://" + name));
    BOOST_TEST(accepted("ws://" + name + "."));
    BOOST_TEST(!accepted("ws://" + name + "a"));
    BOOST_TEST(!accepted("ws://" + label + "a.example"));
}

// RFC 3986 §7.4: such forms name an address to some, and a host to others.
BOOST_AUTO_TEST_CASE(ipv4_addresses_have_one_form) {
    for (const char* const good : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "10.20.30.40"})
        BOOST_TEST(parts("ws://" + std::string(good) + ":81/") ==
                   "ws " + std::string(good) + " 81 " + good + ":81 /");
    for (const char* const bad :
         {"127.1", "2130706433", "0x7f000001", "0X7F.0.0.1", "0x", "127.0.0.01", "127.0.0.256",
          "127.0.0.1.", "1.2.3.4.5", "1.2.3.", "example.1", "1.2.3.0x4", "127.0.0.1000"})
        BOOST_TEST(parts("ws://" + std::string(bad) + "/") == "refused", bad);
}

BOOST_AUTO_TEST_CASE(ipv6_addresses_are_in_brackets) {
    BOOST_TEST(parts("ws://[::1]/") == "ws ::1 80 [::1] /");
    BOOST_TEST(parts("wss://[2001:DB8::A]:8443?q") ==
               "wss 2001:db8::a 8443 [2001:db8::a]:8443 /?q");
    for (const char* const good : {"::", "1::", "::1", "1:2:3:4:5:6:7:8", "1::8", "::2:3:4:5:6:7:8",
                                   "1:2:3:4:5:6:7::", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1",
                                   "64:ff9b::192.0.2.1", "::1.2.3.4"})
        BOOST_TEST(accepted("ws://[" + std::string(good) + "]"), good);
    for (const char* const bad : {"",
                                  ":",
                                  ":::",
                                  "1",
                                  "1:2",
                                  "1:2:3:4:5:6:7",
                                  "1:2:3:4:5:6:7:8:9",
                                  "1:2:3:4::5:6:7:8",
                                  "1::2::3",
                                  "12345::",
                                  "g::",
                                  "1:",
                                  "::1:",
                                  ":1::",
                                  "1.2.3.4",
                                  "1.2.3.4::",
                                  "::1.2.3",
                                  "::1.2.3.256",
                                  "::1.2.3.4:5",
                                  "1:2:3:4:5:6:7:1.2.3.4",
                                  "v1.x",
                                  " ::1",
                                  "::1 ",
                                  "[::1]"})
        BOOST_TEST(!accepted("ws://[" + std::string(bad) + "]"), bad);
    for (const char* const bad : {"ws://[::1", "ws://::1/", "ws://::1]/", "ws://[::1]80/",
                                  "ws://[::1]x", "ws://[::1/]", "ws://[::1]]", "ws://2001:db8::1"})
        BOOST_TEST(parts(bad) == "refused", bad);
}

// RFC 6874's zones say something about this machine, which the peer must not be told.
BOOST_AUTO_TEST_CASE(ipv6_zones_are_refused) {
    BOOST_TEST(parts("ws://[fe80::1%25eth0]/") == "refused");
    BOOST_TEST(parts("ws://[fe80::1%eth0]/") == "refused");
}

// RFC 3986 §2: everything else is to be percent-encoded. This is what keeps CR, LF and spaces out
// of the request line.
BOOST_AUTO_TEST_CASE(path_and_query_hold_only_characters_of_a_uri) {
    constexpr std::string_view others = "-._~!$&'()*+,;=:@/?";
    for (int octet = 0; octet < 256; ++octet) {
        const bool plain =
            octet < 128 && (std::isalnum(octet) != 0 ||
                            others.find(static_cast<char>(octet)) != std::string_view::npos);
        BOOST_TEST(accepted(with_octet("ws://h/a", octet, "b")) == plain, octet);
        BOOST_TEST(accepted(with_octet("ws://h/?a", octet, "b")) == plain, octet);
        BOOST_TEST(accepted(with_octet("ws://h/", octet, "")) == plain, octet);
    }
}

BOOST_AUTO_TEST_CASE(no_part_of_the_authority_holds_octets_that_end_it) {
    for (int octet = 0; octet < 256; ++octet) {
        if (octet < 128 && (octet > ' ' && octet != 127))
            continue;
        BOOST_TEST(!accepted(with_octet("ws://a", octet, "b/")), octet);
        BOOST_TEST(!accepted(with_octet("ws://a:8", octet, "/")), octet);
        BOOST_TEST(!accepted(with_octet("ws://u", octet, "@a/")), octet);
        BOOST_TEST(!accepted(with_octet("ws://u:p", octet, "@a/")), octet);
        BOOST_TEST(!accepted(with_octet("ws://[::1", octet, "]/")), octet);
        BOOST_TEST(!accepted(with_octet("", octet, "ws://a/")), octet);
        BOOST_TEST(!accepted(with_octet("ws://a", octet, "")), octet);
    }
}

BOOST_AUTO_TEST_CASE(percent_escapes_are_complete) {
    BOOST_TEST(parts("ws://h/%00%0d%0A%7F%ff?%aB") == "ws h 80 h /%00%0d%0A%7F%ff?%aB");
    for (const char* const bad : {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/?%", "/?%a", "/%+1"})
        BOOST_TEST(parts("ws://h" + std::string(bad)) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(credentials_are_decoded) {
    BOOST_TEST(credentials("user:secret") == "user|secret");
    BOOST_TEST(credentials("user") == "user|");
    BOOST_TEST(credentials("user:") == "user|");
    BOOST_TEST(credentials(":secret") == "|secret");
    BOOST_TEST(credentials("a:b:c") == "a|b:c");
    BOOST_TEST(credentials("a%40b:c%2Fd%3a%25") == "a@b|c/d:%");
    BOOST_TEST(credentials("%c3%BC:%C3%9f") == "\xc3\xbc|\xc3\x9f");
    BOOST_TEST(credentials("!$&'()*+,;=-._~:!$&'()*+,;=-._~") == "!$&'()*+,;=-._~|!$&'()*+,;=-._~");
    BOOST_TEST(credentials("") == "none");
    BOOST_TEST(!parse_ws_url("ws://h/")->has_credentials);
    BOOST_TEST(!parse_ws_url("ws://h/a@b")->has_credentials);
}

BOOST_AUTO_TEST_CASE(credentials_that_cannot_be_sent_are_refused) {
    for (const char* const bad : {"a%3Ab:c", "a%0d%0ab:c", "a:%00", "a:%7F", "a:%1f", "a%", "a%4",
                                  "a%zz:b", "a:b%", "a@b", "a:b@c", "a b", "a[b", "a:b]", "a\"b"})
        BOOST_TEST(credentials(bad) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(host_and_target_are_the_same_with_credentials) {
    BOOST_TEST(parts("wss://u:p@[::1]:444/x") == "wss ::1 444 [::1]:444 /x");
    BOOST_TEST(parts("ws://u:p@h?x") == "ws h 80 h /?x");
    BOOST_TEST(parts("ws://u/p@h") == "ws u 80 u /p@h");  // RFC 3986 §3.2: '/' ends the authority
    BOOST_TEST(parts("ws://u:p@") == "refused");
    BOOST_TEST(parts("ws://u:p@:80") == "refused");
}

BOOST_AUTO_TEST_CASE(logs_do_not_show_credentials) {
    BOOST_TEST(without_credentials("ws://u:p@h:81/x?y#z") == "ws://h:81/x?y#z");
    BOOST_TEST(without_credentials("WSS://u@h") == "WSS://h");
    BOOST_TEST(without_credentials("ws://h/x") == "ws://h/x");
    BOOST_TEST(without_credentials("ws://h/a@b?c@d") == "ws://h/a@b?c@d");
    BOOST_TEST(without_credentials("ws://u:p@h/a@b") == "ws://h/a@b");
    BOOST_TEST(without_credentials("") == "");
}

BOOST_AUTO_TEST_CASE(logs_do_not_show_credentials_of_urls_that_are_refused) {
    BOOST_TEST(without_credentials("https://u:p@h/") == "https://h/");
    BOOST_TEST(without_credentials("ws://u:p/q@h/") == "ws://h/");
    BOOST_TEST(without_credentials("ws://u:p@q@h/") == "ws://h/");
    BOOST_TEST(without_credentials("ws://u:p#q@h/") == "ws://h/");
    BOOST_TEST(without_credentials("ws://u:p?q@h/") == "ws://h/");
    BOOST_TEST(without_credentials("ws://u:p q@h/") == "ws://h/");
    BOOST_TEST(without_credentials("ws:u:p@h/") == "h/");
    BOOST_TEST(without_credentials("u:p@h/") == "h/");
    BOOST_TEST(without_credentials("u:p://q@h/") == "h/");
    BOOST_TEST(without_credentials("ftp://u:p@h/") == "h/");
}

BOOST_AUTO_TEST_CASE(logs_hold_one_printable_line) {
    BOOST_TEST(without_credentials("ws://h/a\r\nb\x1b[1m\x7f\xc3\xbc") == "ws://h/a??b?[1m???");
    BOOST_TEST(without_credentials(std::string_view("ws://h/\0x", 9)) == "ws://h/?x");
}

// RFC 7617 §2, §2.1: its own examples; the second is UTF-8.
BOOST_AUTO_TEST_CASE(credentials_as_the_value_of_a_field) {
    BOOST_TEST(basic_credentials("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    BOOST_TEST(basic_credentials("test", "123\xc2\xa3") == "Basic dGVzdDoxMjPCow==");
    BOOST_TEST(basic_credentials("", "") == "Basic Og==");
    const auto url = parse_ws_url("ws://Aladdin:open%20sesame@h/");
    BOOST_TEST(basic_credentials(url->userinfo_user, url->userinfo_password) ==
               "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock::protocol
