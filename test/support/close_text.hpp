// The end of a connection as a line of text, for comparing and printing.
#pragma once

#include <array>
#include <string>
#include <websock/close.hpp>

namespace websock::test {

/// "1000 bye local clean", "1006 peer unclean: Connection reset by peer".
[[nodiscard]] inline std::string to_text(const close_info& info) {
    std::string text = std::to_string(static_cast<unsigned>(info.code));
    text += info.reason.empty() ? "" : " " + info.reason;
    constexpr std::array names{" none", " local", " peer"};
    text += names.at(static_cast<std::size_t>(info.initiator));
    text += info.clean ? " clean" : " unclean";
    return info.ec ? text + ": " + info.ec.message() : text;
}

}  // namespace websock::test
