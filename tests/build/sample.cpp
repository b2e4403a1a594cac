// Something for every hardening to take effect on: an array on the stack, and a copy whose length only the run knows.
#include <cstring>

int main(int argc, char** argv) {
  char copy[64] = {};
  std::memcpy(copy, argv[0], static_cast<std::size_t>(argc));
  return copy[0];
}
