#pragma once

#include "config/config.hpp"
#include "config/schema.hpp"

// The schema's walks for whole documents, compiled once in sections/config_schema.cpp.
namespace holdfast::config {

void read_config(const Node& tree, Config& out, Problems& problems);
void read_nodes(const Node& tree, std::vector<NodeConfig>& out, Problems& problems);
void read_addresses(const Node& tree, std::vector<VirtualAddress>& out, Problems& problems);  // vip.address
void read_passwords(const Node& tree, Passwords& out, Problems& problems);
void read_dynamic_section(const Node& tree, DynamicConfig& out,
                          Problems& problems);  // unknown keys are no problem
void read_postgresql(const Node& tree, PostgresqlConfig& out, Problems& problems);  // nor here

Node print_config(const Config& config);  // every key, secrets readable: for the tools of this folder
const SectionInfo& describe_config();
std::string print_address(const VirtualAddress& address);  // "10.0.1.10/24 dev eth1"
std::string role_word(Role role);                          // "agent"

}  // namespace holdfast::config
