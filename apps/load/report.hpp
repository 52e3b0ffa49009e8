// The figures for people.
#pragma once

#include <ostream>

#include "figures.hpp"

namespace load_app {

/// All of it: rates, times with their distribution, the server's costs, errors.
void write_summary(std::ostream& out, const settings& chosen, const figures& shown);

/// Only the errors, a line for each kind.
void write_errors(std::ostream& out, const figures& shown);

}  // namespace load_app
