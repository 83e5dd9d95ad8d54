#pragma once

#include <functional>

#include "config/config.hpp"

namespace holdfast::vip {

// The role `vip`: runs until SIGTERM or SIGINT, then gives its addresses up. SIGHUP calls `reread` and
// applies what may change; a master stays master. Blocks; returns the exit code: 0, or 1 with the cause
// logged when it could not start.
int run(const config::Config& config, std::function<Result<config::Config>()> reread);

}  // namespace holdfast::vip
