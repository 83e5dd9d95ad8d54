#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <vector>

#include "sim/run/command_line.hpp"

int main(int argc, char** argv) {
  try {
    return holdfast::sim::run_command_line({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    fmt::print(stderr, "sim: {}\n", problem.what());
    return 2;
  }
}
