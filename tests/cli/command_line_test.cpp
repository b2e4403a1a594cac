#include <doctest/doctest.h>

#include "support.hpp"

TEST_CASE("the separator before the command is required") {
  const auto result = support::launch({"--user", "www-data", "/bin/true"});
  CHECK(result.status == 125);
  CHECK(result.err.find("lowportbind: cannot read the command line: /bin/true: this is no option") == 0);
  CHECK(result.err.find("lowportbind: hint: ") != std::string::npos);
}
