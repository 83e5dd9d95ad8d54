#include "demo/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::demo {

std::vector<std::string> all_nodes() {
  std::vector<std::string> all = database_nodes;
  all.insert(all.end(), proxy_nodes.begin(), proxy_nodes.end());
  return all;
}

bool is_proxy(const std::string& node) {
  return std::find(proxy_nodes.begin(), proxy_nodes.end(), node) != proxy_nodes.end();
}

std::string address_of(const Layout& layout, const std::string& node) {
  const auto nodes = all_nodes();
  const auto at = std::find(nodes.begin(), nodes.end(), node) - nodes.begin();
  return fmt::format("{}.{}", layout.network, 11 + at);
}

std::string about_network(const Layout& layout) {
  if (layout.has_own_network()) {
    return fmt::format(
        "each node is in a network namespace of its own; the address {} floats between lb1 and lb2",
        layout.floating_address());
  }
  return "left out: the floating address (role vip) and cut cables. They need network namespaces: run it as "
         "root, "
         "with --fresh on data that is there already";
}

std::string print_config(const Layout& layout, bool hidden) {
  std::string nodes;
  for (const auto& node : database_nodes) nodes += fmt::format("  {}: {}\n", node, address_of(layout, node));
  for (const auto& node : proxy_nodes) {
    nodes += fmt::format("  {}: {{host: {}, roles: [{}]}}\n", node, address_of(layout, node),
                         layout.has_own_network() ? "proxy, vip" : "proxy");
  }
  if (layout.has_own_network()) {
    nodes +=
        fmt::format("vip: {{address: {}/24}}  # floats between the proxies' hosts: clients know no other\n",
                    layout.floating_address());
  }
  return fmt::format(
      "# Written by `holdfast demo`. The same file serves every node: each finds itself by --node.\n"
      "scope: demo\n"
      "nodes:                       # pg*: agent, PostgreSQL and an etcd member; lb*: a proxy\n"
      "{}"
      "data_root: {}\n"
      "passwords:\n"
      "  superuser: \"{}\"\n"
      "  replication: \"{}\"\n"
      "bootstrap:\n"
      "  dcs:                       # kept in etcd once the cluster is made: `holdfast edit-config`\n"
      "    synchronous_mode: on     # a commit is acknowledged when a standby has it too\n"
      "    postgresql:\n"
      "      use_pg_rewind: true\n"
      "      parameters:\n"
      "        max_connections: 100\n"
      "        shared_buffers: 32MB\n"
      "        wal_keep_size: 128MB\n",
      nodes, layout.data + "/nodes", hidden ? "***" : layout.superuser_password.reveal(),
      hidden ? "***" : layout.replication_password.reveal());
}

drill::NodeTraits traits_of(const Layout& layout, const std::string& node) {
  drill::NodeTraits traits{.name = node, .config_file = layout.config_file()};
  if (!is_proxy(node)) traits.data_dir = fmt::format("{}/nodes/demo/{}/postgresql", layout.data, node);
  return traits;
}

std::vector<drill::Address> ports_of(const Layout& layout) {
  std::vector<drill::Address> ports;
  if (layout.has_own_network()) return ports;  // nobody else is there
  for (const auto& node : database_nodes) {
    for (const int port : {5432, 8008, 2379, 2380}) ports.push_back({address_of(layout, node), port});
  }
  for (const auto& node : proxy_nodes) {
    for (const int port : {5000, 5001, 7000}) ports.push_back({address_of(layout, node), port});
  }
  return ports;
}

}  // namespace holdfast::demo
