#pragma once

#include <string>

#include "cli/parse.hpp"

namespace holdfast::cli {

// The script that a shell sources to complete `name`'s verbs, options and their words. Pure.
std::string bash_completion(const VerbInfo& program, const std::string& name);
std::string zsh_completion(const VerbInfo& program, const std::string& name);

}  // namespace holdfast::cli
