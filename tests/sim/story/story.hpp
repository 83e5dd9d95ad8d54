#pragma once

#include <string>

namespace holdfast::sim {

// Runs every *.txt of a directory: lines that begin with "> " are commands, what follows each is what it must
// print. With UPDATE_STORIES=1 in the environment the files are rewritten instead. The program's exit status.
int run_stories(const std::string& directory);

}  // namespace holdfast::sim
