#include "config/sections/config_schema.hpp"

#include <algorithm>

#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

void read_role(const Node& node, std::vector<Role>& out, const Spot& spot) {
  const auto role = node.is_scalar() ? parse_word<Role>(node.text) : std::nullopt;
  if (role) {
    if (std::ranges::find(out, *role) == out.end()) out.push_back(*role);
  } else if (node.text == "edge") {
    spot.warn(node, fmt::format("role '{}' {}", node.text, no_effect));
  } else {
    spot.expected(node, "one of agent, proxy, vip, etcd");
  }
}

// Exactly one slash in front, none behind: "service", "/service/" and "//service" are one place (Patroni).
std::string normal_namespace(const std::string& text) {
  std::string result;
  for (const std::string& word : split_words(text, '/')) result += "/" + word;
  return result;
}

}  // namespace

void Codec<std::vector<Role>>::read(const Node& node, std::vector<Role>& out, const Spot& spot) {
  std::vector<Role> roles;
  if (node.is_list()) {
    for (std::size_t i = 0; i < node.items.size(); ++i) read_role(node.items[i], roles, spot.at(i));
  } else {
    read_role(node, roles, spot);
  }
  out = std::move(roles);
}

Node Codec<std::vector<Role>>::print(const std::vector<Role>& value) {
  Node list = Node::list();
  for (const Role role : value) list.items.push_back(Node::string(print_word(role)));
  return list;
}

void Codec<std::vector<NodeConfig>>::read(const Node& node, std::vector<NodeConfig>& out, const Spot& spot) {
  if (!node.is_map()) return spot.expected(node, "a map of node names to addresses");
  out.clear();
  for (const auto& [name, value] : node.children) {
    NodeConfig entry;
    const Spot here = spot.at(name);
    if (value.is_scalar()) {
      entry.host = value.text;
    } else {
      read_section(value, entry, here);
    }
    entry.name = name;
    if (entry.host.empty())
      here.error(value, "has no host: write 'NAME: ADDRESS' or '{host: ADDRESS, roles: […]}'");
    out.push_back(std::move(entry));
  }
}

Node Codec<std::vector<NodeConfig>>::print(const std::vector<NodeConfig>& value) {
  Node map = Node::map();
  for (const NodeConfig& entry : value) map.set(entry.name, print_section(entry));
  return map;
}

void Schema<Config>::finish(const Node& node, Config& out, const Spot&) {
  out.namespace_ = normal_namespace(out.namespace_);
  out.tree = node;
}

bool NodeConfig::has(Role role) const {
  return std::ranges::find(roles, role) != roles.end();
}
bool Config::has(Role role) const {
  return std::ranges::find(roles, role) != roles.end();
}

void read_config(const Node& tree, Config& out, Problems& problems) {
  read_section(tree, out, Spot{problems});
}

void read_nodes(const Node& tree, std::vector<NodeConfig>& out, Problems& problems) {
  Codec<std::vector<NodeConfig>>::read(tree, out, Spot{problems}.at("nodes"));
}

void read_addresses(const Node& tree, std::vector<VirtualAddress>& out, Problems& problems) {
  Codec<std::vector<VirtualAddress>>::read(tree, out, Spot{problems}.at("vip").at("address"));
}

std::string print_address(const VirtualAddress& address) {
  return Codec<VirtualAddress>::print(address).text;
}

void read_passwords(const Node& tree, Passwords& out, Problems& problems) {
  read_section(tree, out, Spot{problems}.at("passwords"));
}

void read_dynamic_section(const Node& tree, DynamicConfig& out, Problems& problems) {
  read_section(tree, out, Spot{problems, true});
}

void read_postgresql(const Node& tree, PostgresqlConfig& out, Problems& problems) {
  read_section(tree, out, Spot{problems, true}.at("postgresql"));
}

Node print_config(const Config& config) {
  return print_section(config);
}

std::string role_word(Role role) {
  return print_word(role);
}

const SectionInfo& describe_config() {
  return describe<Config>();
}

}  // namespace holdfast::config
