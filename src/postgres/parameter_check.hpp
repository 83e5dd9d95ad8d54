#pragma once

#include <set>
#include <string>

#include "async/asio.hpp"
#include "postgres/config_files.hpp"

namespace holdfast::postgres {

// The configured parameters (as the user wrote their names) that this server would refuse to start with:
// unknown, removed in this version, or with a value it can't read (EC-87). PostgreSQL itself is asked, by
// `postgres -C` on a file with nothing else in it; needs an initialised data directory.
awaitable<Result<std::set<std::string>>> refused_parameters(Options options, Version version);

// Names in `parameter "…"` of PostgreSQL's complaints. Pure.
std::set<std::string> parameters_named_in(const std::string& output);

}  // namespace holdfast::postgres
