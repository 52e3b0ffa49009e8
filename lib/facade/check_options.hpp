// Options that no connection could be run with are refused where they are given.
#pragma once

#include <stdexcept>
#include <string>
#include <websock/options.hpp>

#include "../protocol/deflate_params.hpp"

namespace websock::facade {

/// Throws std::invalid_argument that names the option.
inline void check(const connection_options& options) {
    if (const auto bad = protocol::find_bad_option(options.deflate); !bad.empty()) {
        throw std::invalid_argument("websock: " + std::string(bad));
    }
}

}  // namespace websock::facade
