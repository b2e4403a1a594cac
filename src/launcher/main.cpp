// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/output.hpp"
#include "launcher/exit_status.hpp"
#include "launcher/launch.hpp"
#include "launcher/what_failed.hpp"

namespace {

[[noreturn]] void end_with(std::string_view message) {
  lowport::print_error(message);
  _exit(static_cast<int>(lowport::ExitStatus::kLauncherFailed));
}

[[noreturn]] void end_without_memory() {
  end_with("lowportbind: cannot allocate memory: launch: the system or a limit refuses more\n");
}

[[noreturn]] void end_on_terminate() {
  end_with("lowportbind: internal error: std::terminate was called\n");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace lowport;
  // Don't throw: bad_alloc may not be allocatable either.
  std::set_new_handler(end_without_memory);
  // The default ends with SIGABRT, even if only the exception could not be allocated.
  std::set_terminate(end_on_terminate);
  try {
    if (argc < 1) {
      throw failure(kCannotReadCommandLine, "argv", "it is empty");
    }
    return run({argv, static_cast<std::size_t>(argc)});
  } catch (const Error& error) {
    print_error(kProgram, error);
    return static_cast<int>(exit_status_of(error));
  } catch (const std::exception& error) {
    print_error(std::string("lowportbind: internal error: ") + error.what() + "\n");
  }
  return static_cast<int>(ExitStatus::kLauncherFailed);
}
