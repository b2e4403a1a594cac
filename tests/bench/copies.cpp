// SPDX-License-Identifier: MIT
#include "copies.hpp"

namespace bench {

std::string Copies::add(const std::string& program) {
  const std::filesystem::path original(program);
  const auto copy = std::filesystem::path(directory_.path(std::to_string(programs_.size()))) /
                    original.filename();
  programs_.emplace_back(original, copy);
  return copy;
}

void Copies::renew() const {
  for (const auto& [original, copy] : programs_) {
    std::filesystem::remove_all(copy.parent_path());
  }
  for (const auto& [original, copy] : programs_) {
    std::filesystem::create_directory(copy.parent_path());
    std::filesystem::copy_file(original, copy);
  }
}

}  // namespace bench
