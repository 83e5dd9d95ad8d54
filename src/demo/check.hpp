#pragma once

#include "async/asio.hpp"
#include "demo/options.hpp"

namespace holdfast::demo {

// `demo --check`: up, load, break, rejoin, verify; everything stopped and its data removed. Returns the exit
// code.
int run_check(Options options);

}  // namespace holdfast::demo
