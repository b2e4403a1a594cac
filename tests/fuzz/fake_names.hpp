// SPDX-License-Identifier: MIT
#pragma once

#include <string>

/// passwd(5) and group(5) as texts, in place of the program's own backends: the linker takes these
/// functions of names.hpp, and leaves the object that has the real ones in the library.
namespace fuzz {

struct NameTables {
  std::string passwd;
  std::string group;
};

/// What the lookups answer from, until it is replaced.
NameTables& name_tables();

/// Users and groups of every kind that a system has, including those that no system should have.
NameTables usual_tables();

}  // namespace fuzz
