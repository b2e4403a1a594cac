#include <doctest/doctest.h>

#include "support.hpp"

TEST_CASE("in ambient mode the daemon has the account and the one capability, and nothing else") {
  support::enter_own_network();
  const auto result =
      support::launch({"-u", "www-data", "-p", "80", "--", support::probe(), "status", "fds", "bind=tcp/4/80"});
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["Uid"] == "33\t33\t33\t33");
  CHECK(field["CapPrm"] == "0000000000000400");
  CHECK(field["fds"] == "0 1 2");
  CHECK(field["bind=tcp/4/80"] == "ok");

  // The negative control: the same account without the launcher.
  support::Invocation control;
  control.argv = {support::probe(), "bind=tcp/4/80"};
  control.in_child = [] { support::become(33, 33); };
  CHECK(support::fields(support::run(control).out)["bind=tcp/4/80"] == "EACCES");
}
