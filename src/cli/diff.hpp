#pragma once

#include <string>
#include <string_view>

namespace holdfast::cli {

// The unified diff of two texts (three lines of context, heads "--- " and "+++ "), as Python's difflib prints
// it. Empty: they are equal. `colored`: for a terminal.
std::string unified_diff(std::string_view before, std::string_view after, bool colored = false);

}  // namespace holdfast::cli
