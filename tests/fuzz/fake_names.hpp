// SPDX-License-Identifier: MIT
#pragma once

#include <string>

/// passwd(5) and group(5) as texts, in the place of the program's own backends: the linker takes
/// these functions of names.hpp, and leaves the object that has the real ones in the library.
namespace fuzz {

struct NameTables {
  std::string passwd;
  std::string group;
};

/// What the look-ups answer from, until it is replaced.
NameTables& name_tables();

/// Users and groups of every kind that a system has, those that no system should have included.
NameTables usual_tables();

}  // namespace fuzz
