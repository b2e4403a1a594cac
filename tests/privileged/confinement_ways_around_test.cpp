// SPDX-License-Identifier: MIT
#include <string_view>

#include "confinement.hpp"

// Each way around the rules for TCP ports: it works with `--confine off`, if the kernel has it, and
// is closed otherwise.

using support::ask_daemon;
using support::Words;

namespace {

/// What the probe answers with each kind of confinement.
struct Answers {
  std::string off;
  std::string privileged;
  std::string listed;
};

Answers ask_three_times(const std::string& question) {
  const auto ask = [&](const char* kind) {
    return ask_daemon({"-p", "80", "--confine", kind}, {question}).at(question);
  };
  return {ask("off"), ask("privileged"), ask("listed")};
}

/// Checks that the way works without confinement, and is closed with this answer under it. A kernel
/// that does not have the way reports that, and the filter's answer is the same.
void check_way(const std::string& question, const std::string& closed, const std::string& unknown) {
  const auto answers = ask_three_times(question);
  CAPTURE(question);
  if (answers.off == unknown) {
    MESSAGE(question << ": does not work in this kernel, which answers " << answers.off);
  } else {
    CHECK(answers.off == "ok");
  }
  CHECK(answers.privileged == closed);
  CHECK(answers.listed == closed);
}

/// Checks that the filter gives its own answer, which the kernel would not give.
void check_own_answer(const std::string& question, const std::string& open,
                      const std::string& closed) {
  const auto answers = ask_three_times(question);
  CAPTURE(question);
  CHECK(answers.off == open);
  CHECK(answers.privileged == closed);
  CHECK(answers.listed == closed);
}

const std::string kNoProtocol = "socket EPROTONOSUPPORT";

}  // namespace

TEST_CASE("an MPTCP socket cannot bind an unlisted port") {
  support::require_confinement();
  check_way("socket=2/1/262/22", kNoProtocol, kNoProtocol);
  check_way("socket=10/1/262/22", kNoProtocol, kNoProtocol);
  // SOCK_CLOEXEC and SOCK_NONBLOCK are in the same argument as the type.
  check_way("socket=2/0x80801/262/22", kNoProtocol, kNoProtocol);
  // A listed port is refused as well: Go falls back to TCP after this errno.
  check_way("socket=2/1/262/80", kNoProtocol, kNoProtocol);
  // The kernel answers EPERM to a raw socket of any protocol, so this answer is the filter's.
  check_own_answer("socket=2/3/262", "socket EPERM", kNoProtocol);
}

TEST_CASE("high bits in the arguments do not disguise MPTCP") {
  support::require_confinement();
  check_way("socket=2/1/0x100000106/22", kNoProtocol, kNoProtocol);
  check_way("socket=2/1/0xffffffff00000106/22", kNoProtocol, kNoProtocol);
  check_way("socket=2/0x100000001/262/22", kNoProtocol, kNoProtocol);
  check_way("socket=0x100000002/1/262/22", kNoProtocol, kNoProtocol);
  check_way("socket=0xffffffff0000000a/1/262", kNoProtocol, kNoProtocol);
  // TCP with such bits is still TCP, and confined.
  check_way("socket=0x100000002/0x100000001/0x100000006/80", "ok", "");
  check_way("socket=0x100000002/0x100000001/0x100000006/22", "bind EACCES", "");
}

TEST_CASE("a UDP-Lite socket is refused") {
  support::require_confinement();
  check_way("socket=2/2/136/22", kNoProtocol, kNoProtocol);
  check_way("socket=10/2/136/22", kNoProtocol, kNoProtocol);
  check_own_answer("socket=2/3/136", "socket EPERM", kNoProtocol);
}

TEST_CASE("an SCTP socket is refused by protocol and by type") {
  support::require_confinement();
  const std::string no_type = "socket ESOCKTNOSUPPORT";
  check_way("socket=2/5/0/22", no_type, no_type);
  check_way("socket=10/5/0/22", no_type, no_type);
  check_way("socket=2/5/132/22", no_type, no_type);
  check_way("socket=2/1/132/22", kNoProtocol, kNoProtocol);
  // The kernel answers EINVAL to a protocol this high, so these answers are the filter's.
  check_own_answer("socket=2/5/0xffff", "socket EINVAL", no_type);
  check_own_answer("socket=10/0x80805/0xffff", "socket EINVAL", no_type);
}

TEST_CASE("a DCCP socket is refused") {
  support::require_confinement();
  const std::string no_type = "socket ESOCKTNOSUPPORT";
  check_way("socket=2/6/0/22", no_type, no_type);
  check_way("socket=10/6/33/22", no_type, no_type);
  check_own_answer("socket=2/6/0xffff", "socket EINVAL", no_type);
}

TEST_CASE("an SMC socket is refused by family and by protocol") {
  support::require_confinement();
  const std::string no_family = "socket EAFNOSUPPORT";
  check_way("socket=43/1/0/22/2", no_family, no_family);
  check_way("socket=43/1/1/22/10", no_family, no_family);
  check_way("socket=0x10000002b/1/0/22/2", no_family, no_family);
  check_way("socket=2/1/256/22", kNoProtocol, kNoProtocol);
  // The kernel looks at the type first.
  check_own_answer("socket=43/15/0", "socket EINVAL", no_family);
}

TEST_CASE("a TCP socket cannot become an SMC one through its ULP") {
  support::require_confinement();
  // No descriptor has this number: the kernel looks up the socket first, and the filter runs before
  // that.
  const auto call = "call=" + std::to_string(SYS_setsockopt) + "/99/";
  check_own_answer(call + "6/31", "EBADF", "ENOENT");
  check_own_answer(call + "0x100000006/0x10000001f", "EBADF", "ENOENT");
  for (const std::string other : {"6/1", "6/32", "1/31", "41/31"}) {
    check_own_answer(call + other, "EBADF", "EBADF");
  }
}

TEST_CASE("an i386 socketcall from a 64-bit process is refused") {
  support::require_confinement();
  const auto check = [](const std::string& question, const std::string& open) {
    CAPTURE(question);
    const auto answers = ask_three_times(question);
    const bool known = answers.off != "no i386 calls";
    if (!known) {
      MESSAGE("this kernel has no i386 calls");
    }
    CHECK(answers.off == (known ? open : "no i386 calls"));
    CHECK(answers.privileged == (known ? "socket ENOSYS" : "no i386 calls"));
    CHECK(answers.listed == answers.privileged);
  };
  check("i386=2/1/6/22", "ok");
  check("i386=2/1/0/80", "ok");
  // MPTCP, where the kernel has it.
  const std::string by_itself = "socket=2/1/262/22";
  check("i386=2/1/262/22", ask_daemon({"-p", "80", "--confine", "off"}, {by_itself}).at(by_itself));
}

TEST_CASE("io_uring cannot be set up because it makes sockets unseen") {
  support::require_confinement();
  const auto answers = ask_three_times("io_uring");
  if (answers.off != "ok") {
    MESSAGE("does not work in this kernel, which answers " << answers.off);
  }
  // EPERM is also what the sysctl io_uring_disabled gives.
  CHECK(answers.privileged == "EPERM");
  CHECK(answers.listed == "EPERM");
}

TEST_CASE("an io_uring that was set up before cannot be used") {
  support::require_confinement();
  // No descriptor has this number: the kernel looks up the ring first, and the filter runs before
  // that.
  for (const int call : {SYS_io_uring_enter, SYS_io_uring_register}) {
    check_own_answer("call=" + std::to_string(call) + "/99", "EBADF", "EPERM");
  }
}

TEST_CASE("an RxRPC socket is refused because it binds UDP unseen") {
  support::require_confinement();
  const std::string no_family = "socket EAFNOSUPPORT";
  check_way("socket=33/2/2", no_family, no_family);
  check_own_answer("socket=33/15/0", "socket EINVAL", no_family);
}

TEST_CASE("x32 calls are refused") {
  support::require_confinement();
  // getpid and an MPTCP socket. A kernel without x32 answers ENOSYS too.
  for (const std::string question : {"call=0x40000027", "call=0x40000029/2/1/262"}) {
    CAPTURE(question);
    const auto answers = ask_three_times(question);
    if (answers.off != "ok") {
      MESSAGE("this kernel has no x32 calls, and answers " << answers.off);
    }
    CHECK(answers.privileged == "ENOSYS");
    CHECK(answers.listed == "ENOSYS");
  }
}

TEST_CASE("an address without a family counts as IPv4 for the rules too") {
  support::require_confinement();
  check_way("socket=2/1/0/22/0", "bind EACCES", "");
  check_way("socket=2/1/6/80/0", "ok", "");
}

TEST_CASE("a 32-bit program is refused unless confinement is off") {
  support::require_confinement();
  // An i386 program that does exit(7): the headers of the file and of its one segment, and three
  // instructions.
  const std::string_view program(
      "\x7f"
      "ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0\x54\x80\x04\x08\x34\0\0\0\0\0\0\0\0\0\0\0\x34\0"
      "\x20\0\1\0\0\0\0\0\0"
      "\0"
      "\1\0\0\0\0\0\0\0\0\x80\x04\x08\0\x80\x04\x08\x60\0\0\0\x60\0\0\0\5\0\0\0\0\x10\0\0"
      "\xb8\1\0\0\0\xbb\7\0\0\0\xcd\x80",
      0x60);
  const support::TemporaryDirectory directory;
  const auto path = directory.write("i386", std::string(program), 0755);
  const auto launch = [&](const Words& options) {
    return support::launch(support::join({{"-u", "www-data"}, options, {"--", path}}));
  };
  const auto open = launch({"-p", "80", "--confine", "off"}).status;
  if (open != 7) {
    MESSAGE("this kernel runs no i386 programs");
  }
  CHECK((open == 7 || open == 126));
  for (const Words& options : {Words{"-p", "80"}, Words{"-p", "80", "--confine", "listed"}}) {
    support::check_refused(launch(options), 126,
                           {"cannot execute: " + path + ": it is a 32-bit program", "hint: "});
  }
  // Without the capability there is no confinement, and so nothing blocks it.
  CHECK(launch({}).status == open);
}
