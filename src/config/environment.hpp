#pragma once

#include "config/problems.hpp"
#include "config/values.hpp"

namespace holdfast::config {

// Lays the PATRONI_* variables over `tree`, as Patroni does: the environment wins over files. Empty ones
// count as unset. A PATRONI_ name that means nothing is a warning with the nearest name.
void apply_environment(Node& tree, const StringMap& environment, Problems& problems);

// Every variable and the key it sets, for the reference page.
StringMap environment_names();

}  // namespace holdfast::config
