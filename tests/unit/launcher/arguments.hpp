// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

/// An argv: words that stay where they are, the pointers to them, and the null pointer at the end.
class Arguments {
 public:
  explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
    words_.insert(words_.begin(), "lowportbind");
    for (auto& word : words_) {
      pointers_.push_back(word.data());
    }
    pointers_.push_back(nullptr);
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  [[nodiscard]] std::span<char* const> span() const { return {pointers_.data(), words_.size()}; }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};
