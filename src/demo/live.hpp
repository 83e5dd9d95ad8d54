#pragma once

#include "demo/options.hpp"

namespace holdfast::demo {

// The live view on a terminal, until `q` or a signal. Returns the exit code.
int run_live(Options options);

}  // namespace holdfast::demo
