// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

namespace bench {

/// Copies of programs, so that the figures do not depend on where in memory their files happen to
/// be: of two files with the same content in the page cache, one may start a twentieth faster than
/// the other, whoever wrote them.
class Copies {
 public:
  /// Returns the path that the copy of `program` will have. It keeps the name: some programs depend
  /// on it.
  std::string add(const std::string& program);

  /// Replaces all copies. Throws std::filesystem::filesystem_error.
  void renew() const;

 private:
  support::TemporaryDirectory directory_;
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> programs_;
};

}  // namespace bench
