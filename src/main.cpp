#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "account.hpp"
#include "command.hpp"
#include "descriptors.hpp"
#include "environment.hpp"
#include "error.hpp"
#include "host.hpp"
#include "names.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "privileges.hpp"
#include "report.hpp"
#include "session.hpp"
#include "sockets.hpp"
#include "target.hpp"

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

/// `--verbose`: a line on stderr for each step, before it is taken.
class Narrator {
 public:
  explicit Narrator(bool verbose) : verbose_(verbose) {}
  void operator()(const std::string& step) const {
    if (verbose_) write_all(STDERR_FILENO, "lowportbind: " + printable(step) + "\n");
  }

 private:
  bool verbose_;
};

/// From the plan to the daemon: nothing is decided here, and every step throws if it cannot be done as planned.
/// Returns only with `--check`.
void launch(const Plan& plan, const Options& options, const Narrator& say) {
  const auto action = options.action;
  // Asked for as long as the answer is sure to be readable; for the report alone.
  const auto group_name = action == Action::kCheck ? find_group_name(plan.account.gid).value_or("") : "";
  close_other_descriptors(plan.descriptors);
  if (plan.sockets.raise_capability) raise_bind_capability();
  for (const auto& planned : plan.sockets.sockets) say("opening " + format(planned.address));
  auto sockets = open_sockets(plan.sockets);
  if (plan.own_stdio) give_stdio(plan.account, plan.mode, action);
  if (plan.new_session) leave_terminal_session();

  say("becoming " + format(plan.account));
  drop_privileges(plan.privileges, plan.account);
  say("verifying the privileges");
  verify_privileges(plan.privileges, plan.account);

  auto environment = build_environment(plan.environment, read_environment());
  const auto file = find_command(plan.command.front(), find_variable(environment, "PATH"));
  require_planned_rights(file, plan.privileges, plan.account);
  if (action == Action::kCheck) {
    require_known_format(file);
    print(describe_plan(plan, group_name, file));
    return;
  }
  say("executing " + file);
  hand_over(plan.mode, plan.descriptors, std::move(sockets));
  execute(file, plan.command, std::move(environment));
}

void run(std::span<char* const> arguments) {
  reserve_standard_descriptors();
  auto caller = identify_caller();
  const auto options = parse_options(arguments, find_service);
  if (options.action == Action::kShowHelp) return print(help_text());
  if (options.action == Action::kShowVersion) return print(version_text(describe_name_source()));
  const auto host = inspect_host(options, std::move(caller));
  const auto account = resolve_account(options, host.identity);
  launch(make_plan(options, account, host), options, Narrator(options.verbose));
}

}  // namespace
}  // namespace lowportbind

int main(int argc, char** argv) {
  using namespace lowportbind;
  try {
    if (argc < 1) throw failure("cannot read the command line", "argv", "it is empty");
    run({argv, static_cast<std::size_t>(argc)});
    return EXIT_SUCCESS;
  } catch (const Error& error) {
    write_all(STDERR_FILENO, describe_error(error));
    return static_cast<int>(error.status());
  } catch (const std::bad_alloc&) {
    write_all(STDERR_FILENO, "lowportbind: cannot allocate memory: launch: the system has none left\n");
  } catch (const std::exception& error) {
    write_all(STDERR_FILENO, std::string("lowportbind: internal error: ") + error.what() + "\n");
  }
  return static_cast<int>(ExitStatus::kLauncherFailed);
}
