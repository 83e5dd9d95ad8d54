#pragma once

#include "config/config.hpp"

namespace holdfast::cli {

// The role `etcd` in the foreground: returns the exit code after SIGTERM or SIGINT, or when a human must act.
int run_etcd(const config::Config& config);

}  // namespace holdfast::cli
