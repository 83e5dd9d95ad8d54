#pragma once

#include <string>
#include <vector>

namespace holdfast::sim {

// The program's exit status: 0 all passed, 1 something failed, 2 wrong usage.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace holdfast::sim
