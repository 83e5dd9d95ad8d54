#pragma once

#include "config/load.hpp"

namespace holdfast::agent {

// The role `agent`: owns one PostgreSQL instance. Runs until SIGTERM or SIGINT (stops PostgreSQL cleanly and
// hands the lock over); SIGHUP reloads the configuration through `request`. Returns the exit code: 0 after an
// orderly stop, 1 when it can't start (said in the log).
int run_agent(config::Loaded loaded, config::LoadRequest request);

}  // namespace holdfast::agent
