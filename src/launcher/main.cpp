// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <exception>
#include <new>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/output.hpp"
#include "launcher/exit_status.hpp"
#include "launcher/launch.hpp"
#include "launcher/what_failed.hpp"

namespace {

[[noreturn]] void end_without_memory() {
  lowport::print_error("lowportbind: cannot allocate memory: launch: the system has none left\n");
  _exit(static_cast<int>(lowport::ExitStatus::kLauncherFailed));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace lowport;
  // Not by an exception: there would be no memory for that one either, and std::terminate() ends
  // with SIGABRT.
  std::set_new_handler(end_without_memory);
  // The exception of another failure could not be allocated.
  std::set_terminate(end_without_memory);
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
