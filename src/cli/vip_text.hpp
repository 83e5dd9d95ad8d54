#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/vip_health.hpp"

namespace holdfast::cli {

// One line for each virtual router: where its address is, since when, and who could take it over.
std::vector<std::string> address_lines(const VipHealth& health);

// `holdfast vip show`: a table for each virtual router, the last transitions by time, what to do. TSV: a line
// for each host of each virtual router. The last line break is included.
std::string print_vip(const VipHealth& health, Format format, bool colored);

boost::json::object vip_json(const VipHealth& health);  // without findings

}  // namespace holdfast::cli
