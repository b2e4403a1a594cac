// SPDX-License-Identifier: MIT
#include "base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "refusal.hpp"

using lowport::describe_errno;
using lowport::Error;
using lowport::failure;
using lowport::printable;
using lowport::system_failure;

TEST_CASE("bytes other than printable ASCII are escaped in hexadecimal") {
  struct Row {
    std::string text;
    std::string shown;
  };
  const Row rows[] = {
      {"", ""},
      {"plain text ~!", "plain text ~!"},
      {"line\nline", "line\\x0aline"},
      {"\t\r", "\\x09\\x0d"},
      {std::string(1, '\0'), "\\x00"},
      {"\x1b[31m", "\\x1b[31m"},
      {"\x7f", "\\x7f"},
      {"\xff\x80", "\\xff\\x80"},
      {"caf\xc3\xa9", "caf\\xc3\\xa9"},
      {"\xe2\x80\xae", "\\xe2\\x80\\xae"},  // right-to-left override
  };
  for (const auto& row : rows) {
    CAPTURE(row.shown);
    CHECK(printable(row.text) == row.shown);
  }
}

TEST_CASE("an error names what failed and the object and the reason") {
  const auto error = failure("cannot do", "this", "of that");
  CHECK(std::string(error.what()) == "cannot do: this: of that");
  CHECK(error.hint().empty());
  CHECK(failure("cannot do", "this", "of that", "do that").hint() == "do that");
}

TEST_CASE("only an object that would blend into the message is quoted") {
  struct Row {
    std::string object;
    std::string message;
  };
  const Row rows[] = {
      {"", "cannot use: \"\": so"},           {":", "cannot use: \":\": so"},
      {"::", "cannot use: \"::\": so"},       {":group", "cannot use: \":group\": so"},
      {"user:", "cannot use: \"user:\": so"}, {" ", "cannot use: \" \": so"},
      {" 5", "cannot use: \" 5\": so"},       {"5 ", "cannot use: \"5 \": so"},
      {":\n", "cannot use: \":\\x0a\": so"},  {"user:group", "cannot use: user:group: so"},
      {"a b", "cannot use: a b: so"},         {"5\n", "cannot use: 5\\x0a: so"},
      {"80,", "cannot use: 80,: so"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.object);
    CHECK(std::string(failure("cannot use", row.object, "so").what()) == row.message);
  }
}

TEST_CASE("no part of an error can start a line of its own") {
  const auto error = failure("cannot use", "a\nlowportbind: b", "c\nd", "e\nf");
  CHECK(std::string(error.what()) == "cannot use: a\\x0alowportbind: b: c\\x0ad");
  CHECK(error.hint() == "e\\x0af");
}

TEST_CASE("a failed system call is never described as Success") {
  CHECK(describe_errno(0) == "the system gave no reason");
  CHECK(describe_errno(-1) == "the system gave no reason");
  CHECK(describe_errno(99999) == "the system gave no reason");
  for (int number = -200; number <= 600; ++number) {
    CAPTURE(number);
    const std::string description(describe_errno(number));
    CHECK_FALSE(description.empty());
    CHECK_FALSE(contains_text(description, "Success"));
  }
  CHECK(std::string(system_failure("cannot open", "x", 0).what()) ==
        "cannot open: x: the system gave no reason");
}

TEST_CASE("a failed system call is described with the system's text") {
  const auto error = system_failure("cannot open", "/x", ENOENT, "make it");
  CHECK(std::string(error.what()) == "cannot open: /x: No such file or directory");
  CHECK(error.hint() == "make it");
  CHECK(describe_errno(EACCES) == "Permission denied");
}

TEST_CASE("running out of descriptors has a hint of its own") {
  CHECK(system_failure("cannot open", "/x", EMFILE).hint() ==
        "raise the limit before the launch: ulimit -n 65536");
  CHECK(system_failure("cannot open", "/x", EMFILE, "another").hint() == "another");
  for (const int number : {ENFILE, ENOENT, EACCES, 0}) {
    CAPTURE(number);
    CHECK(system_failure("cannot open", "/x", number).hint().empty());
  }
}
