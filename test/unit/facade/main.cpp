// The one file that makes the unit tests of the facade an executable.
#define BOOST_TEST_MODULE facade  // NOLINT(*-identifier-naming): Boost.Test's name
#include <boost/test/unit_test.hpp>
