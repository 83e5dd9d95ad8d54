#include "demo/verb.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "base/log.hpp"
#include "demo/check.hpp"
#include "demo/live.hpp"
#include "demo/options.hpp"

namespace holdfast::demo {

int run_verb(std::vector<std::string> args) {
  const auto options = parse_options(args);
  if (!options) {
    fmt::print(stderr, "holdfast demo: {}\n", options.error().context);
    return 2;
  }
  if (options->help) {
    fmt::print("{}", print_help());
    return 0;
  }
  log::set_level(log::Level::off);  // what matters is shown; each node has a log of its own
  try {
    if (options->check) return run_check(*options);
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
      fmt::print(stderr, "holdfast demo: the live view needs a terminal; without one use --check\n");
      return 2;
    }
    return run_live(*options);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "holdfast demo: {}\n", failure.what());
    return 1;
  }
}

}  // namespace holdfast::demo
