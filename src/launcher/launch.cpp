// SPDX-License-Identifier: MIT
#include "launcher/launch.hpp"

#include <unistd.h>

#include <concepts>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/names.hpp"
#include "base/output.hpp"
#include "base/unique_fd.hpp"
#include "launcher/account.hpp"
#include "launcher/command.hpp"
#include "launcher/confinement.hpp"
#include "launcher/confinement_proof.hpp"
#include "launcher/descriptors.hpp"
#include "launcher/environment.hpp"
#include "launcher/executable.hpp"
#include "launcher/exit_status.hpp"
#include "launcher/file_system_state.hpp"
#include "launcher/host.hpp"
#include "launcher/options.hpp"
#include "launcher/own_stdio.hpp"
#include "launcher/plan.hpp"
#include "launcher/privileges.hpp"
#include "launcher/report.hpp"
#include "launcher/report_json.hpp"
#include "launcher/session.hpp"
#include "launcher/sockets.hpp"
#include "launcher/standard_descriptors.hpp"

namespace lowport {
namespace {

/// `--verbose`: a line on stderr for each step, before it is taken.
class Narrator {
 public:
  explicit Narrator(bool verbose) : verbose_(verbose) {}
  void operator()(std::string_view step) const {
    if (verbose_) {
      comment(kProgram, step);
    }
  }
  /// A step that is costly to describe comes as a function, called only with --verbose.
  template <std::invocable Describe>
  void operator()(const Describe& describe) const {
    if (verbose_) {
      comment(kProgram, describe());
    }
  }

 private:
  bool verbose_;
};

/// What is ready when only the exec is left.
struct Prepared {
  std::vector<UniqueFd> sockets;
  Environment environment;
  std::string file;
};

void open_planned_sockets(const Plan& plan, Prepared& prepared, const Narrator& say) {
  if (plan.sockets.raise_capability) {
    say("making CAP_NET_BIND_SERVICE effective");
    raise_bind_capability();
  }
  if (plan.sockets.sockets.empty()) {
    return;
  }
  if (plan.sockets.lacks_fsuid) {
    say("setfsuid is not available: the sockets will belong to the launcher, not the account");
  }
  say([&] {
    return (plan.sockets.only_probe ? "trying to bind " : "opening ") +
           describe_addresses(plan.listen);
  });
  if (plan.sockets.only_probe) {
    probe_sockets(plan.sockets);
  } else {
    prepared.sockets = open_sockets(plan.sockets);
  }
}

void confine_to_ports(const Plan& plan, const Narrator& say) {
  for (const auto& warning : warnings_of(plan)) {
    warn(kProgram, warning);
  }
  if (plan.confinement.kind == Confinement::kOff) {
    return;
  }
  say([&] {
    return (confines_udp(plan.confinement) ? "confining TCP and UDP ports: --confine "
                                           : "confining TCP ports: --confine ") +
           std::string(confinement_name(plan.confinement.kind));
  });
  confine(plan.confinement);
}

/// Becomes the account, and proves it.
void become(const Plan& plan, const Narrator& say) {
  say([&] { return "becoming " + describe_account(plan.account); });
  drop_privileges(plan.privileges, plan.account);
  say("verifying the privileges");
  verify_privileges(plan.privileges, plan.account);
  if (plan.confinement.kind == Confinement::kOff) {
    return;
  }
  say("verifying the confinement");
  verify_confinement(plan.confinement);
}

void find_daemon(const Plan& plan, Prepared& prepared, const Narrator& say) {
  say([&] { return "looking for the command " + std::string(plan.command.front()); });
  prepared.environment = build_environment(plan.environment, read_environment());
  prepared.file = find_command(plan.command.front(), find_variable(prepared.environment, "PATH"));
  const auto needed = require_planned_rights(prepared.file, plan);
  if (plan.privileges.undecided_bounding == kNoCapability) {
    return;
  }
  say("cutting the rest of the bounding set");
  settle_bounding_set(plan.privileges, needed);
}

/// Checks what a launch leaves to the exec: for `--check`, which never gets there, and before stdio
/// is given to the account, after which there is no second try.
void rehearse_exec(const std::string& file) {
  require_known_format(file);
  require_process_limit(file);
}

/// Everything but the last steps. Nothing is decided here, and every step throws if it cannot be
/// done as planned. Nothing that outlasts this process is changed before the command is found;
/// after that, only the session is.
Prepared prepare(const Plan& plan, const Narrator& say) {
  Prepared prepared;
  say("closing the other descriptors");
  close_other_descriptors(plan.descriptors);
  say("unsharing the working directory and umask");
  leave_shared_file_system_state(plan.pid);
  open_planned_sockets(plan, prepared, say);
  if (plan.privileges.set_no_new_privs) {
    say("setting no_new_privs");
    set_no_new_privs();
  }
  confine_to_ports(plan, say);
  become(plan, say);
  if (plan.sockets.only_probe && !plan.sockets.sockets.empty()) {
    // Probed twice: as root, which can see the holder, then as the account, which must be able to
    // bind.
    say("trying to bind as the account");
    probe_sockets(plan.sockets);
  }
  find_daemon(plan, prepared, say);
  if (plan.own_stdio) {
    say("checking whether stdio can be given to the account");
    rehearse_giving_stdio(plan.account, plan.mode);
    rehearse_exec(prepared.file);
  }
  if (plan.new_session) {
    say("leaving the terminal's session");
    leave_terminal_session(find_held_descriptors(plan.descriptors, plan.mode));
  }
  return prepared;
}

/// Gives the daemon what it gets at the very end, when only the exec can still fail.
void hand_over_all(const Plan& plan, Prepared& prepared, const Narrator& say) {
  if (plan.sockets.reuse_port) {
    say("listening on shared ports");
    listen_on_shared_ports(prepared.sockets, plan.sockets);
  }
  if (!prepared.sockets.empty()) {
    say("handing over the sockets");
  }
  hand_over(plan.mode, plan.descriptors, std::move(prepared.sockets));
  if (!plan.own_stdio) {
    return;
  }
  say("giving stdio to the account");
  give_stdio(plan.account, plan.mode);
  drop_what_stdio_needed(plan.privileges);
}

/// Makes the plan, from the options, the process and the host.
Plan decide(const Options& options, Identity caller, const Narrator& say) {
  say("inspecting this process and the kernel");
  const auto host = inspect_host(options, std::move(caller));
  say("looking up the account");
  return make_plan(options, resolve_account(options.user, options.groups, host.identity), host);
}

/// Prints the report of `--check` on stdout, as text or JSON. `obstacle` may be null.
void print_report(const Plan& plan, std::string_view group_name, std::string_view file,
                  const Obstacle* obstacle, const Options& options) {
  if (options.json) {
    return print(describe_plan_as_json(plan, group_name, file, obstacle));
  }
  const Error* error = obstacle == nullptr ? nullptr : &obstacle->error;
  const char* no_colour = std::getenv("NO_COLOR");
  const bool coloured = isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
  print(describe_plan(plan, group_name, file, error, coloured ? Colour::kTerminal : Colour::kNone));
}

/// The launch, stopped before the exec. Returns the exit status: ready, or not.
int rehearse(const Options& options, Identity caller, const Narrator& say) {
  std::optional<Plan> plan;
  std::string group_name;
  std::string file;
  std::optional<Obstacle> obstacle;
  try {
    plan = decide(options, std::move(caller), say);
    // Look the name up while the tables are still readable.
    group_name = find_group_name(plan->account.gid).value_or("");
    file = prepare(*plan, say).file;
    rehearse_exec(file);
  } catch (const Error& error) {
    obstacle = Obstacle{error, exit_status_of(error)};
  }
  const Obstacle* reason = obstacle ? &*obstacle : nullptr;
  if (plan) {
    print_report(*plan, group_name, file, reason, options);
  } else if (options.json) {
    print(describe_obstacle_as_json(*obstacle));
  }
  if (!obstacle) {
    return EXIT_SUCCESS;
  }
  print_error(kProgram, obstacle->error);
  return static_cast<int>(ExitStatus::kLauncherFailed);
}

}  // namespace

int run(std::span<char* const> arguments) {
  reserve_standard_descriptors();
  auto caller = identify_caller();
  const auto options = parse_options(arguments, find_service);
  const Narrator say(options.verbose);
  if (options.action == Action::kShowHelp || options.action == Action::kShowVersion) {
    print(options.action == Action::kShowHelp ? help_text() : version_text(describe_name_source()));
    return EXIT_SUCCESS;
  }
  if (options.action == Action::kCheck) {
    return rehearse(options, std::move(caller), say);
  }
  const auto plan = decide(options, std::move(caller), say);
  auto prepared = prepare(plan, say);
  hand_over_all(plan, prepared, say);
  say([&] { return "executing " + prepared.file; });
  execute(prepared.file, plan.command, std::move(prepared.environment));
}

}  // namespace lowport
