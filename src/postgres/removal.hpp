#pragma once

#include <string>
#include <vector>

#include "async/asio.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

// Removes files and whole directories, links themselves and not what they lead to, by a child process: half a
// terabyte takes longer than a lease, so the loop must not do it. The child dies with us, else it would go on
// in a directory that the next agent clones into. What is not there is a success. Its start and end are
// logged.
awaitable<Result<void>> remove_paths(Options options, std::vector<std::string> paths);

}  // namespace holdfast::postgres
