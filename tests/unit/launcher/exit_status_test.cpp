// SPDX-License-Identifier: MIT
#include "launcher/exit_status.hpp"

#include <doctest/doctest.h>

#include "refusal.hpp"

TEST_CASE("the exit statuses are those of env and nohup") {
  const auto status_of = [](const auto& error) { return refusal_of([&] { throw error; }).status; };
  CHECK(status_of(lowport::failure("cannot do", "this", "of that")) == 125);
  CHECK(status_of(lowport::cannot_execute("/x", "of that")) == 126);
  CHECK(status_of(lowport::cannot_find("x", "of that")) == 127);
}
