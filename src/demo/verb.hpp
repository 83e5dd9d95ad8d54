#pragma once

#include <string>
#include <vector>

namespace holdfast::demo {

// `holdfast demo …`: a whole cluster on this machine. `args` is what follows the verb. Returns the exit code:
// with
// `--check` 0 only if no acknowledged write is missing and every node is back.
int run_verb(std::vector<std::string> args);

}  // namespace holdfast::demo
