// SPDX-License-Identifier: MIT
// For a launcher that is built with the address sanitizer: its search for leaks at exit needs
// ptrace(2) of itself, which a process that has dropped its privileges, or is being traced, does
// not get; the unit tests search for them. Nor may the sanitizer change the daemon's
// signals.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0";
}
