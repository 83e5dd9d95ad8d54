#include <fmt/format.h>

#include <algorithm>

#include "config/expand.hpp"
#include "config/schema.hpp"

namespace holdfast::config {
namespace {

struct Claim {
  std::string name;
  std::string by;  // who says so
};

std::vector<std::string> names_of(const std::vector<NodeConfig>& nodes) {
  std::vector<std::string> names;
  for (const NodeConfig& node : nodes) names.push_back(node.name);
  return names;
}

Claim explicit_claim(const Node& tree, const LoadRequest& request) {
  if (!request.node.empty()) return {request.node, "--node"};
  if (const auto* name = request.environment.find("HOLDFAST_NODE"); name != nullptr && !name->empty()) {
    return {*name, "HOLDFAST_NODE"};
  }
  if (const Node* name = tree.find("name");
      name != nullptr && name->origin.kind == Origin::Kind::environment) {
    return {name->text, name->origin.name};
  }
  return {};
}

const NodeConfig* by_name(const std::vector<NodeConfig>& nodes, std::string_view name) {
  const auto found = std::ranges::find(nodes, name, &NodeConfig::name);
  return found == nodes.end() ? nullptr : &*found;
}

std::vector<const NodeConfig*> by_address(const std::vector<NodeConfig>& nodes, const HostIdentity& host) {
  std::vector<const NodeConfig*> found;
  for (const NodeConfig& node : nodes) {
    const bool is_mine =
        node.host == host.hostname || std::ranges::find(host.addresses, node.host) != host.addresses.end();
    if (is_mine) found.push_back(&node);
  }
  return found;
}

}  // namespace

const NodeConfig* find_self(const std::vector<NodeConfig>& nodes, const Node& tree,
                            const LoadRequest& request, Problems& problems) {
  const Origin origin = tree.find("nodes")->origin;
  const std::string known = join(names_of(nodes));
  if (const Claim claim = explicit_claim(tree, request); !claim.name.empty()) {
    if (const NodeConfig* self = by_name(nodes, claim.name)) return self;
    const std::string guess = nearest(claim.name, names_of(nodes));
    const std::string hint = guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess);
    problems.error(
        origin, "nodes",
        fmt::format("has no '{}', which {} names{} (allowed: {})", claim.name, claim.by, hint, known));
    return nullptr;
  }
  const std::string& hostname = request.host.hostname;
  if (const NodeConfig* self = by_name(nodes, hostname)) return self;
  if (const NodeConfig* self = by_name(nodes, hostname.substr(0, hostname.find('.')))) return self;
  const auto mine = by_address(nodes, request.host);
  if (mine.size() == 1) return mine.front();
  if (request.any_node) return nullptr;
  const std::string what = mine.empty() ? "lists no address of this host and not its name"
                                        : "lists several addresses of this host";
  problems.error(origin, "nodes",
                 fmt::format("{} ('{}'): say which one it is with --node or HOLDFAST_NODE (allowed: {})",
                             what, hostname, known));
  return nullptr;
}

}  // namespace holdfast::config
