// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the fuzz targets make of the bytes that libFuzzer gives them.
namespace fuzz {

/// The parts of an input, always at least one and none with a NUL in it, as in an argv: between
/// NULs if there are any, otherwise between the `separator`s, so that a seed can be a text.
std::vector<std::string> parts_of(const std::uint8_t* data, std::size_t size,
                                  std::string_view separator);

/// An upper bound on the number of ports in the ranges of a text of listen addresses. Every one of
/// them becomes an address, and `1-65535` a hundred times over would be all that libFuzzer has the
/// time to try.
std::size_t count_ports_in_ranges(std::string_view text);
constexpr std::size_t kMostPorts = 2000;

}  // namespace fuzz
