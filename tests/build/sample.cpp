// SPDX-License-Identifier: MIT
// Something for every hardening option to act on: an array on the stack, and a copy whose length is
// known only at run time.
#include <cstring>

namespace lowport {

[[gnu::noinline]] int copy(const char* from, std::size_t length) {
  char copy[64] = {};
  std::memcpy(copy, from, length);
  return copy[0];
}

}  // namespace lowport

int main(int argc, char** argv) { return lowport::copy(argv[0], static_cast<std::size_t>(argc)); }
