// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/exit_status.hpp"

/// Shared by the unit tests: the Error that a call throws, as text.
struct Refusal {
  std::string message;  ///< "accepted" when the call threw nothing
  std::string hint;
  int status = 0;
};

template <typename Call>
Refusal refusal_of(const Call& call) {
  try {
    call();
  } catch (const lowport::Error& error) {
    return {error.what(), error.hint(), static_cast<int>(exit_status_of(error))};
  }
  return {"accepted", {}, 0};
}

/// An object as a message shows it; error_test.cpp spells out the cases.
inline std::string shown(const std::string& object) {
  const std::string edges = ": ";
  const bool quoted = object.empty() || edges.find(object.front()) != std::string::npos ||
                      edges.find(object.back()) != std::string::npos;
  return quoted ? "\"" + object + "\"" : object;
}

inline bool contains_text(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
