// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "base/error.hpp"
#include "launcher/plan.hpp"

/// What has to be true whatever the input is. A check that fails aborts, which libFuzzer reports
/// with the input.
namespace fuzz {

void require(bool holds, const char* property);

/// True when no byte is a control character or not ASCII.
bool is_printable(std::string_view text);

/// A refusal is an Error that a person can read in a terminal, and its status is the launcher's
/// own.
void check_refusal(const lowport::Error& error);

/// Ids that setresuid(2) and setgroups(2) take at face value, and never root.
void check_account(const lowport::Account& account);

/// Each field as the syntax allows it.
void check_address(const lowport::ListenAddress& address);

/// The rules of the plan: what was listed is what the daemon gets, and what was asked for by name
/// is done or refused.
void check_plan(const lowport::Plan& plan, const lowport::Options& options,
                const lowport::Host& host);
void check_privileges(const lowport::Plan& plan, const lowport::Options& options,
                      const lowport::Host& host);
void check_confinement(const lowport::Plan& plan, const lowport::Options& options);
void check_sockets(const lowport::Plan& plan, const lowport::Options& options,
                   const lowport::Host& host);
void check_descriptors(const lowport::Plan& plan, const lowport::Options& options,
                       const lowport::Host& host);
void check_announcement(const lowport::Plan& plan, const lowport::Host& host);
void check_environment(const lowport::Plan& plan, const lowport::Options& options);
void check_report(const lowport::Plan& plan);

}  // namespace fuzz
