#pragma once

#include <vector>

#include "config/keepalived_text.hpp"
#include "config/schema.hpp"

namespace holdfast::config {

// Statements to the tree of our section `vip`, by its schema. Every value keeps its file and line; every
// statement that has no place there is a warning.
Node vip_of_keepalived(const std::vector<KeepalivedStatement>& statements, Problems& problems);

}  // namespace holdfast::config
