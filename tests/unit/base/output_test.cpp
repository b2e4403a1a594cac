// SPDX-License-Identifier: MIT
#include "base/output.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/error.hpp"

using lowport::describe_error;

TEST_CASE("an error and its hint are one line each") {
  CHECK(describe_error("lowportbind", lowport::failure("cannot do", "this", "of that")) ==
        "lowportbind: cannot do: this: of that\n");
  CHECK(
      describe_error("lowportbind", lowport::failure("cannot do", "this", "of that", "do that")) ==
      "lowportbind: cannot do: this: of that\nlowportbind: hint: do that\n");
}
