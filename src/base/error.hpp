// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace lowport {

/// The one exception type of both programs. `what()` is "WHAT FAILED: OBJECT: REASON" without the
/// program's name. The hint, which may be empty, tells the user what to do, with the literal
/// command.
class Error : public std::runtime_error {
 public:
  Error(const std::string& message, std::string_view hint)
      : std::runtime_error(message), hint_(hint) {}

  [[nodiscard]] const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

/// Builds "WHAT: OBJECT: REASON". An object that is empty, or begins or ends with a colon or a
/// space, is quoted to make it visible: that is what an unset variable leaves behind.
Error failure(std::string_view what, std::string_view object, std::string_view reason,
              std::string_view hint = {});

/// The kernel's description of an errno. 0 is never described as "Success": the text then says that
/// the system gave no reason.
std::string_view describe_errno(int error_number);

/// Like failure(), with the description of `error_number` (errno) as the reason. EMFILE has a hint
/// of its own.
Error system_failure(std::string_view what, std::string_view object, int error_number,
                     std::string_view hint = {});

/// `text` with control characters and non-ASCII bytes written as \xNN, so that an argument can
/// neither drive the terminal nor forge a second log line. Text longer than 1000 characters is cut.
std::string printable(std::string_view text);

}  // namespace lowport
