#pragma once

#include <string>
#include <vector>

namespace holdfast::drill {

// `holdfast drill …`; `args` is what follows the verb. Returns the exit code: 0 nothing lost and all back, 1
// the drill failed, 2 wrong usage or refused.
int run_verb(std::vector<std::string> args);

}  // namespace holdfast::drill
