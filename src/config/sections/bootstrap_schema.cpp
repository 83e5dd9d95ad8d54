#include "config/sections/bootstrap_schema.hpp"

namespace holdfast::config {

std::vector<std::string> Schema<BootstrapMethod>::read_others(const Node& node,
                                                              const std::vector<std::string>& keys,
                                                              BootstrapMethod& out, const Spot& spot) {
  for (const std::string& key : keys) {
    std::string text;
    Codec<std::string>::read(*node.find(key), text, spot.at(key));
    out.parameters.set(key, std::move(text));
  }
  return {};
}

void Schema<BootstrapMethod>::print_others(const BootstrapMethod& method, Node& out) {
  for (const auto& [key, text] : method.parameters) out.set(key, Node::string(text));
}

void Codec<std::vector<BootstrapUser>>::read(const Node& node, std::vector<BootstrapUser>& out,
                                             const Spot& spot) {
  if (!node.is_map()) return spot.expected(node, "a map of user names");
  out.clear();
  for (const auto& [name, section] : node.children) {
    BootstrapUser user;
    read_section(section, user, spot.at(name));
    user.name = name;
    out.push_back(std::move(user));
  }
}

Node Codec<std::vector<BootstrapUser>>::print(const std::vector<BootstrapUser>& value) {
  Node map = Node::map();
  for (const BootstrapUser& user : value) map.set(user.name, print_section(user));
  return map;
}

std::vector<std::string> Schema<BootstrapConfig>::read_others(const Node& node,
                                                              const std::vector<std::string>& keys,
                                                              BootstrapConfig& out, const Spot& spot) {
  std::vector<std::string> unknown;
  for (const std::string& key : keys) {
    const Node& section = *node.find(key);
    if (key != out.method && section.find("command") == nullptr) {
      unknown.push_back(key);
      continue;
    }
    BootstrapMethod method;
    read_section(section, method, spot.at(key));
    if (key == out.method) out.custom = std::move(method);
  }
  return unknown;
}

void Schema<BootstrapConfig>::print_others(const BootstrapConfig& section, Node& out) {
  if (section.method != "initdb") out.set(section.method, print_section(section.custom));
}

}  // namespace holdfast::config
