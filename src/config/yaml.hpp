#pragma once

#include <string>
#include <string_view>

#include "config/problems.hpp"

namespace holdfast::config {

// One YAML document to a tree. Syntax errors, duplicate keys, several documents and documents that grow
// beyond bounds by aliases are problems; `file` names the text in them. Merge keys (<<) are resolved, as
// Patroni's loader does.
Node parse_yaml(std::string_view text, const std::string& file, Problems& problems);

// On one line, so that parse_yaml() reads the same: quoted where it must be. Null: "null".
std::string print_scalar(const Node& node);
std::string print_key(const std::string& key);

}  // namespace holdfast::config
