// The figures for programs. One object; microseconds, seconds and bytes, as the names say.
#pragma once

#include <ostream>

#include "figures.hpp"

namespace load_app {

void write_json(std::ostream& out, const settings& chosen, const figures& shown);

}  // namespace load_app
