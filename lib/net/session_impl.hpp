// All of session<Stream>, for the files that instantiate it.
#pragma once

#include "session_io.hpp"
#include "session_open.hpp"
#include "session_pump.hpp"
#include "session_use.hpp"
