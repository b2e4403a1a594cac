// SPDX-License-Identifier: MIT
#include "base/output.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/error.hpp"

using lowport::describe_error;

TEST_CASE("an error is one line and its hint another") {
  CHECK(describe_error("lowportbind", lowport::failure("cannot do", "this", "of that")) ==
        "lowportbind: cannot do: this: of that\n");
  CHECK(
      describe_error("lowportbind", lowport::failure("cannot do", "this", "of that", "do that")) ==
      "lowportbind: cannot do: this: of that\nlowportbind: hint: do that\n");
}
