#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support.hpp"

int main(int argc, char** argv) {
  support::close_inherited_descriptors();
  return doctest::Context(argc, argv).run();
}
