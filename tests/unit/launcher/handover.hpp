// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/number.hpp"
#include "base/text.hpp"
#include "launcher/environment.hpp"

/// How daemons read what the launcher announces: modelled on libsystemd and nginx, not on the
/// launcher.

/// The words of LISTEN_FDNAMES as libsystemd 252 splits them (extract_first_word() in
/// src/basic/extract-word.c, with EXTRACT_DONT_COALESCE_SEPARATORS alone): a backslash takes the
/// next character as it is, and at the end is an error.
inline std::optional<std::vector<std::string>> split_descriptor_names(std::string_view text) {
  std::vector<std::string> names(1);
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == ':') {
      names.emplace_back();
    } else if (text[index] == '\\') {
      if (++index == text.size()) {
        return std::nullopt;
      }
      names.back() += text[index];
    } else {
      names.back() += text[index];
    }
  }
  return names;
}

/// sd_listen_fds_with_names(3) for the process `pid`: a name for each descriptor from 3 on, nothing
/// if it returns an error or 0.
inline std::optional<std::vector<std::string>> listen_fds(const lowport::Environment& environment,
                                                          int pid) {
  const auto announced_pid = lowport::find_variable(environment, "LISTEN_PID");
  const auto announced_count = lowport::find_variable(environment, "LISTEN_FDS");
  if (announced_pid != std::to_string(pid) || !announced_count) {
    return std::nullopt;
  }
  const auto count = lowport::parse_number(*announced_count, 1, 1U << 20U);
  if (!count.valid()) {
    return std::nullopt;
  }
  const auto text = lowport::find_variable(environment, "LISTEN_FDNAMES");
  if (!text) {
    return std::vector<std::string>(count.value, "unknown");
  }
  auto names = split_descriptor_names(*text);
  if (!names || names->size() != count.value) {
    return std::nullopt;
  }
  return names;
}

/// ngx_add_inherited_sockets() in src/core/nginx.c: a number counts if a semicolon or a colon
/// follows it, and anything else ends the list.
inline std::vector<int> nginx_descriptors(std::string_view text) {
  std::vector<int> descriptors;
  while (!text.empty()) {
    const auto end = text.find_first_of(";:");
    if (end == std::string_view::npos) {
      break;
    }
    const auto number = lowport::parse_number(text.substr(0, end), 0, 1U << 20U);
    if (!number.valid()) {
      break;
    }
    descriptors.push_back(static_cast<int>(number.value));
    text.remove_prefix(end + 1);
  }
  return descriptors;
}
