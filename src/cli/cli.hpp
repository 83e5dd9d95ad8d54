#pragma once

namespace holdfast::cli {

// The whole program: picks the role or verb that the arguments name and returns the exit code. Under the name
// `patronictl` it takes patronictl's arguments alone, and fails as patronictl does.
// 0 done; 1 it failed (said on standard error); 2 wrong usage or configuration; `status` has codes of its
// own.
int run(int argc, char** argv);

}  // namespace holdfast::cli
