#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account.hpp"
#include "command.hpp"
#include "confinement.hpp"
#include "descriptors.hpp"
#include "environment.hpp"
#include "error.hpp"
#include "host.hpp"
#include "names.hpp"
#include "options.hpp"
#include "own_stdio.hpp"
#include "plan.hpp"
#include "privileges.hpp"
#include "report.hpp"
#include "session.hpp"
#include "sockets.hpp"
#include "target.hpp"
#include "unique_fd.hpp"

namespace lowportbind {
namespace {

/// Writes all of `text`, or returns false. No stdio: nothing that is buffered could be lost in the exec.
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void print(std::string_view text) {
  if (!write_all(STDOUT_FILENO, text)) throw system_failure("cannot write to", "standard output", errno);
}

void warn(const std::string& text) { write_all(STDERR_FILENO, "lowportbind: " + printable(text) + "\n"); }

/// `--verbose`: a line on stderr for each step, before it is taken.
class Narrator {
 public:
  explicit Narrator(bool verbose) : verbose_(verbose) {}
  void operator()(const std::string& step) const {
    if (verbose_) warn(step);
  }

 private:
  bool verbose_;
};

/// What stands ready when nothing is left to do but the exec.
struct Prepared {
  std::vector<UniqueFd> sockets;
  Environment environment;
  std::string file;
};

void confine_to_ports(const Plan& plan, const Narrator& say) {
  if (!plan.confinement.missing.empty()) {
    warn("every privileged port is open to the daemon: " + plan.confinement.missing + "; --confine off silences this");
  }
  if (plan.confinement.kind == Confinement::kOff) return;
  say("confining TCP ports: " + std::string(format(plan.confinement.kind)));
  confine(plan.confinement);
}

void verify(const Plan& plan, const Narrator& say) {
  say("verifying the privileges");
  verify_privileges(plan.privileges, plan.account);
  if (plan.confinement.kind != Confinement::kOff) verify_confinement(plan.confinement);
}

/// From the plan to the exec: nothing is decided here, and every step throws if it cannot be done as planned.
Prepared prepare(const Plan& plan, Action action, const Narrator& say) {
  Prepared prepared;
  close_other_descriptors(plan.descriptors);
  if (plan.sockets.raise_capability) raise_bind_capability();
  for (const auto& planned : plan.sockets.sockets) say("opening " + format(planned.address));
  // Twice for `--check` in ambient mode: here root sees who has a port, and below it is the account that could not have
  // it.
  if (plan.sockets.only_probe) {
    probe_sockets(plan.sockets);
  } else {
    prepared.sockets = open_sockets(plan.sockets);
  }
  if (plan.own_stdio) give_stdio(plan.account, plan.mode, action);
  if (plan.new_session) leave_terminal_session(find_held_descriptors(plan.descriptors, plan.mode));
  if (plan.privileges.set_no_new_privs) set_no_new_privs();
  confine_to_ports(plan, say);
  say("becoming " + format(plan.account));
  drop_privileges(plan.privileges, plan.account);
  verify(plan, say);
  if (plan.sockets.only_probe) probe_sockets(plan.sockets);

  prepared.environment = build_environment(plan.environment, read_environment());
  prepared.file = find_command(plan.command.front(), find_variable(prepared.environment, "PATH"));
  require_planned_rights(prepared.file, plan);
  return prepared;
}

[[noreturn]] void end_without_memory() {
  write_all(STDERR_FILENO, "lowportbind: cannot allocate memory: launch: the system has none left\n");
  _exit(static_cast<int>(ExitStatus::kLauncherFailed));
}

void print_error(const Error& error) { write_all(STDERR_FILENO, describe_error(error)); }

/// The launch, stopped before the exec. Returns the exit status: ready, or not.
int check(const Plan& plan, const Narrator& say) {
  // Asked for as long as the answer is sure to be readable.
  const auto group_name = find_group_name(plan.account.gid).value_or("");
  const char* no_colour = std::getenv("NO_COLOR");
  const bool coloured = isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
  const auto colour = coloured ? Colour::kTerminal : Colour::kNone;
  try {
    const auto prepared = prepare(plan, Action::kCheck, say);
    require_known_format(prepared.file);
    print(describe_plan(plan, group_name, prepared.file, nullptr, colour));
    return EXIT_SUCCESS;
  } catch (const Error& error) {
    print(describe_plan(plan, group_name, plan.command.front(), &error, colour));
    print_error(error);
    return static_cast<int>(ExitStatus::kLauncherFailed);
  }
}

int run(std::span<char* const> arguments) {
  reserve_standard_descriptors();
  auto caller = identify_caller();
  const auto options = parse_options(arguments, find_service);
  const Narrator say(options.verbose);
  if (options.action == Action::kShowHelp || options.action == Action::kShowVersion) {
    print(options.action == Action::kShowHelp ? help_text() : version_text(describe_name_source()));
    return EXIT_SUCCESS;
  }
  const auto host = inspect_host(options, std::move(caller));
  const auto account = resolve_account(options, host.identity);
  const auto plan = make_plan(options, account, host);
  if (options.action == Action::kCheck) return check(plan, say);
  auto prepared = prepare(plan, options.action, say);
  say("executing " + prepared.file);
  hand_over(plan.mode, plan.descriptors, std::move(prepared.sockets));
  execute(prepared.file, plan.command, std::move(prepared.environment));
}

}  // namespace
}  // namespace lowportbind

int main(int argc, char** argv) {
  using namespace lowportbind;
  // Not by an exception: there would be no memory for that one either, and std::terminate() ends with SIGABRT.
  std::set_new_handler(end_without_memory);
  std::set_terminate(end_without_memory);  // the exception of another failure could not be allocated
  try {
    if (argc < 1) throw failure("cannot read the command line", "argv", "it is empty");
    return run({argv, static_cast<std::size_t>(argc)});
  } catch (const Error& error) {
    print_error(error);
    return static_cast<int>(error.status());
  } catch (const std::exception& error) {
    write_all(STDERR_FILENO, std::string("lowportbind: internal error: ") + error.what() + "\n");
  }
  return static_cast<int>(ExitStatus::kLauncherFailed);
}
