// The one file that makes the unit tests of the protocol layer an executable.
#define BOOST_TEST_MODULE protocol  // NOLINT(*-identifier-naming): Boost.Test's name
#include <boost/test/unit_test.hpp>
