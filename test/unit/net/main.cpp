// The one file that makes the unit tests of the net layer an executable.
#define BOOST_TEST_MODULE net  // NOLINT(*-identifier-naming): Boost.Test's name
#include <boost/test/unit_test.hpp>
