#include "config/sections/postgresql_schema.hpp"

#include <algorithm>

namespace holdfast::config {
namespace {

void read_option(const Node& node, std::vector<CommandOption>& out, const Spot& spot) {
  if (node.is_scalar()) {
    out.push_back({node.text, ""});
    return;
  }
  if (!node.is_map()) return spot.expected(node, "the name of an option, or a map of its name and value");
  for (const auto& [name, value] : node.children) {
    std::string text;
    Codec<std::string>::read(value, text, spot.at(name));
    out.push_back({name, std::move(text)});
  }
}

StringMap read_parameters(const Node& node, const std::vector<std::string>& keys, const Spot& spot) {
  StringMap parameters;
  for (const std::string& key : keys) {
    std::string text;
    Codec<std::string>::read(*node.find(key), text, spot.at(key));
    parameters.set(key, std::move(text));
  }
  return parameters;
}

}  // namespace

void Codec<std::vector<CommandOption>>::read(const Node& node, std::vector<CommandOption>& out,
                                             const Spot& spot) {
  std::vector<CommandOption> options;
  if (node.is_list()) {
    for (std::size_t i = 0; i < node.items.size(); ++i) read_option(node.items[i], options, spot.at(i));
  } else if (node.is_map()) {
    read_option(node, options, spot);
  } else {
    return spot.expected(node, "a list of options");
  }
  out = std::move(options);
}

Node Codec<std::vector<CommandOption>>::print(const std::vector<CommandOption>& value) {
  Node list = Node::list();
  for (const auto& [name, text] : value) {
    Node item = Node::string(name);
    if (!text.empty()) {
      item = Node::map();
      item.set(name, Node::string(text));
    }
    list.items.push_back(std::move(item));
  }
  return list;
}

std::vector<std::string> Schema<ReplicaMethod>::read_others(const Node& node,
                                                            const std::vector<std::string>& keys,
                                                            ReplicaMethod& out, const Spot& spot) {
  out.parameters = read_parameters(node, keys, spot);
  return {};
}

void Schema<ReplicaMethod>::print_others(const ReplicaMethod& method, Node& out) {
  for (const auto& [key, text] : method.parameters) out.set(key, Node::string(text));
}

std::vector<std::string> Schema<PostgresqlConfig>::read_others(const Node& node,
                                                               const std::vector<std::string>& keys,
                                                               PostgresqlConfig& out, const Spot& spot) {
  std::vector<std::string> unknown;
  for (const std::string& key : keys) {
    const Node& section = *node.find(key);
    const bool is_listed =
        std::ranges::find(out.create_replica_methods, key) != out.create_replica_methods.end();
    if (!is_listed && section.find("command") == nullptr) {
      unknown.push_back(key);
      continue;
    }
    ReplicaMethod method;
    read_section(section, method, spot.at(key));
    method.name = key;
    if (is_listed) out.replica_methods.push_back(std::move(method));
  }
  return unknown;
}

void Schema<PostgresqlConfig>::print_others(const PostgresqlConfig& section, Node& out) {
  for (const ReplicaMethod& method : section.replica_methods) out.set(method.name, print_section(method));
}

}  // namespace holdfast::config
