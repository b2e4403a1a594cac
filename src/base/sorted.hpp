// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

namespace lowport {

/// The same values in ascending order, each once. Pure.
template <typename Value>
std::vector<Value> sorted_once(std::vector<Value> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace lowport
