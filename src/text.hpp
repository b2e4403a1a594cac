#pragma once

#include <string_view>
#include <vector>

namespace lowportbind {

/// The parts of `text` between the separators, empty ones included; always at least one. Views of `text`. Pure.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

/// The same without the empty parts. Pure.
std::vector<std::string_view> split_words(std::string_view text, std::string_view separators = " \t");

}  // namespace lowportbind
