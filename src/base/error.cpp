// SPDX-License-Identifier: MIT
#include "base/error.hpp"

#include <cerrno>
#include <cstring>

#include "base/text.hpp"

namespace lowport {

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 1000;  // enough to recognise what a user typed
  if (text.size() > kLongest) {
    return printable(text.substr(0, kLongest)) + "...";
  }
  std::string shown;
  shown.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte < 0x7f) {
      shown += character;
    } else {
      shown += "\\x" + hexadecimal(byte, 2);
    }
  }
  return shown;
}

Error failure(std::string_view what, std::string_view object, std::string_view reason,
              std::string_view hint) {
  std::string message(what);
  message += ": ";
  // Quote an object that would otherwise blend into the message.
  const bool quoted = object.empty() || object.front() == ':' || object.back() == ':' ||
                      object.front() == ' ' || object.back() == ' ';
  message += quoted ? "\"" + printable(object) + "\"" : printable(object);
  message += ": ";
  message += printable(reason);
  return {message, printable(hint)};
}

std::string_view describe_errno(int error_number) {
  // strerrordesc_np(3) neither translates nor allocates, unlike strerror(3).
  const char* description = error_number == 0 ? nullptr : strerrordesc_np(error_number);
  return description == nullptr ? "the system gave no reason" : description;
}

Error system_failure(std::string_view what, std::string_view object, int error_number,
                     std::string_view hint) {
  constexpr std::string_view kRaiseLimit = "raise the limit before the launch: ulimit -n 65536";
  return failure(what, object, describe_errno(error_number),
                 hint.empty() && error_number == EMFILE ? kRaiseLimit : hint);
}

}  // namespace lowport
