#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "dcs/cluster.hpp"

namespace holdfast::cli {

// What `list` shows; other verbs show it before they ask for a confirmation.
void print_cluster(Terminal& terminal, const dcs::Cluster& cluster, const std::string& scope,
                   bool extended = false, Format format = Format::pretty);

}  // namespace holdfast::cli
