#pragma once

#include <functional>

#include "cli/command.hpp"
#include "cli/terminal.hpp"

namespace holdfast::cli {

// Runs `show` once, or again and again on -w until the program is ended; the screen is cleared before each
// when `clears`.
Result<int> watching(Terminal& terminal, const Watch& watch, bool clears,
                     const std::function<Result<int>()>& show);

}  // namespace holdfast::cli
