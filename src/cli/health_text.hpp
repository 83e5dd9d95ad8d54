#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "cli/health.hpp"

namespace holdfast::cli {

// One screen: primary, members, routes, store, and what is wrong with what to do. `colored`: for a terminal.
std::string print_health(const ClusterHealth& cluster, bool colored = false);

// The same for programs.
boost::json::object health_json(const ClusterHealth& cluster);

}  // namespace holdfast::cli
