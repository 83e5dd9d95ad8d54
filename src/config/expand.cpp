#include "config/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/read_config.hpp"
#include "config/yaml.hpp"

namespace holdfast::config {
namespace {

using Words = std::vector<std::string>;

Node words(const Words& texts, const Origin& origin) {
  Node list = Node::list(origin);
  for (const std::string& text : texts) list.items.push_back(Node::string(text, origin));
  return list;
}

std::string address(const NodeConfig& node, int port) {
  return print_host_port({node.host, port});
}
std::string url(const std::string& scheme, const NodeConfig& node, int port) {
  return scheme + "://" + address(node, port);
}

// Keys that `nodes` decides: two places that say different things would be a guess.
constexpr std::array decided_by_nodes{"name",
                                      "roles",
                                      "restapi.listen",
                                      "restapi.connect_address",
                                      "postgresql.listen",
                                      "postgresql.connect_address",
                                      "etcd_server.name",
                                      "etcd_server.listen_client_urls",
                                      "etcd_server.advertise_client_urls",
                                      "etcd_server.listen_peer_urls",
                                      "etcd_server.initial_advertise_peer_urls",
                                      "etcd_server.initial_cluster"};

// Hosts that only float an address among themselves do without a consensus store.
bool needs_store(const std::vector<NodeConfig>& nodes) {
  return std::ranges::any_of(nodes, [](const NodeConfig& node) {
    return node.has(Role::agent) || node.has(Role::proxy) || node.has(Role::etcd);
  });
}

void refuse_clashes(const Node& tree, const std::vector<NodeConfig>& nodes, Problems& problems) {
  Words clashes{decided_by_nodes.begin(), decided_by_nodes.end()};
  const bool has_etcd =
      std::ranges::any_of(nodes, [](const NodeConfig& node) { return node.has(Role::etcd); });
  if (has_etcd) {
    for (const char* section : {"etcd3", "etcd"}) {
      for (const char* key : {"host", "hosts", "url", "proxy", "srv"})
        clashes.push_back(fmt::format("{}.{}", section, key));
    }
  } else if (needs_store(nodes) && tree.find("etcd3") == nullptr && tree.find("etcd") == nullptr) {
    problems.error(tree.find("nodes")->origin, "nodes",
                   "no node has role etcd: give one that role, or say where etcd is with 'etcd3'");
  }
  for (const std::string& path : clashes) {
    const Node* value = tree.at_path(path);
    if (value == nullptr || value->is_null() || value->origin.kind != Origin::Kind::file) continue;
    problems.error(value->origin, path,
                   "is decided by 'nodes'; remove it, or write the full form without 'nodes'");
  }
}

// https where the members of etcd have a certificate: `key` is cert or peer_cert.
std::string etcd_scheme(const Node& tree, const char* key) {
  const Node* cert = tree.at_path(fmt::format("etcd_server.{}", key));
  return cert != nullptr && cert->is_scalar() && !cert->text.empty() ? "https" : "http";
}

// Clients on hosts of `nodes` use the same files as the members.
void expand_etcd_tls(const Node& tree, Node& section) {
  if (etcd_scheme(tree, "cert") != "https") return;
  const Origin origin{Origin::Kind::derived, "etcd_server"};
  fill(section, "protocol", Node::string("https", origin));
  const auto take = [&](const char* key) {
    const Node* value = tree.at_path(fmt::format("etcd_server.{}", key));
    if (value != nullptr && value->is_scalar()) fill(section, key, Node::string(value->text, origin));
  };
  take("cacert");
  const Node* auth = tree.at_path("etcd_server.client_cert_auth");
  constexpr std::array yes{"true", "on", "yes", "1"};
  const bool is_wanted = auth != nullptr && std::ranges::find(yes, auth->text) != yes.end();
  if (!is_wanted || section.find("cert") != nullptr) return;
  take("cert");
  take("key");
}

void expand_etcd_client(Node& tree, const std::vector<NodeConfig>& nodes, const NodeConfig* self) {
  Words endpoints;
  for (const NodeConfig& node : nodes) {
    if (!node.has(Role::etcd)) continue;
    const auto at = &node == self ? endpoints.begin() : endpoints.end();  // the nearest one first
    endpoints.insert(at, address(node, node.ports.etcd_client));
  }
  if (endpoints.empty()) return;
  Node& section = tree.at_or_map(tree.find("etcd") != nullptr ? "etcd" : "etcd3");
  fill(section, "hosts", words(endpoints, {Origin::Kind::derived, "nodes"}));
  expand_etcd_tls(tree, section);
}

void expand_etcd_server(Node& tree, const std::vector<NodeConfig>& nodes, const NodeConfig& self,
                        const Origin& origin) {
  Node& section = tree.at_or_map("etcd_server");
  const int client = self.ports.etcd_client;
  const int peer = self.ports.etcd_peer;
  const auto client_scheme = etcd_scheme(tree, "cert");
  const auto peer_scheme = etcd_scheme(tree, "peer_cert");
  fill(section, "name", Node::string(self.name, origin));
  fill(section, "listen_client_urls", words({client_scheme + "://" + listen_address(self, client)}, origin));
  fill(section, "advertise_client_urls", words({url(client_scheme, self, client)}, origin));
  fill(section, "listen_peer_urls", words({peer_scheme + "://" + listen_address(self, peer)}, origin));
  fill(section, "initial_advertise_peer_urls", words({url(peer_scheme, self, peer)}, origin));
  Node members = Node::map({Origin::Kind::derived, "nodes"});
  for (const NodeConfig& node : nodes) {
    if (node.has(Role::etcd))
      members.set(node.name, Node::string(url(peer_scheme, node, node.ports.etcd_peer), members.origin));
  }
  fill(section, "initial_cluster", std::move(members));
}

void expand_passwords(Node& tree, Problems& problems) {
  Passwords passwords;
  const Node* written = tree.find("passwords");
  Problems found;  // said when the whole document is read
  if (written != nullptr) read_passwords(*written, passwords, found);
  Node& users = tree.at_or_map("postgresql").at_or_map("authentication");
  const auto give = [&](const char* role, const char* username, const Secret& password) {
    Node& user = users.at_or_map(role);
    const Origin origin{Origin::Kind::derived, fmt::format("passwords.{}", role)};
    if (username != nullptr) fill(user, "username", Node::string(username, origin));
    if (!password.empty()) fill(user, "password", Node::string(password.reveal(), origin));
    if (user.find("password") == nullptr) {
      problems.error(
          tree.find("nodes")->origin, fmt::format("postgresql.authentication.{}.password", role),
          fmt::format("is not set: set passwords.{0} (or {0} in passwords_file), or PATRONI_{1}_PASSWORD",
                      role, std::string_view{role} == "superuser" ? "SUPERUSER" : "REPLICATION"));
    }
  };
  give("superuser", nullptr, passwords.superuser);
  give("replication", nullptr, passwords.replication);
  if (!passwords.rewind.empty()) give("rewind", "rewind_user", passwords.rewind);
}

void expand_agent(Node& tree, const NodeConfig& self, const Origin& origin, Problems& problems) {
  Node& postgresql = tree.at_or_map("postgresql");
  fill(postgresql, "listen", Node::string(listen_address(self, self.ports.postgresql), origin));
  fill(postgresql, "connect_address", Node::string(address(self, self.ports.postgresql), origin));
  expand_passwords(tree, problems);
}

Node listener(const char* name, const NodeConfig& self, int port, const char* target, const Origin& origin) {
  Node entry = Node::map(origin);
  entry.set("name", Node::string(name, origin));
  // The address of a vip comes and goes: a socket on every address serves it from the moment that it is here.
  const std::string bind = self.has(Role::vip) ? fmt::format("*:{}", port) : listen_address(self, port);
  entry.set("bind", Node::string(bind, origin));
  entry.set("target", Node::string(target, origin));
  return entry;
}

void expand_proxy(Node& tree, const NodeConfig& self, const Origin& origin) {
  Node& proxy = tree.at_or_map("proxy");
  Node listeners = Node::list(origin);
  listeners.items.push_back(listener("write", self, self.ports.write, "primary", origin));
  listeners.items.push_back(listener("read", self, self.ports.read, "replica", origin));
  fill(proxy, "listeners", std::move(listeners));
  fill(proxy.at_or_map("stats"), "listen", Node::string(listen_address(self, self.ports.stats), origin));
}

// A new cluster of several members loses nothing that was acknowledged with one of them. What is in the DCS
// already stays as it is: this is read when a cluster is created.
void expand_bootstrap(Node& tree, const std::vector<NodeConfig>& nodes) {
  const auto members = std::ranges::count_if(nodes, [](const auto& node) { return node.has(Role::agent); });
  if (members < 2) return;
  fill(tree.at_or_map("bootstrap").at_or_map("dcs"), "synchronous_mode",
       Node::string("quorum", {Origin::Kind::derived, "nodes"}));
}

void expand_self(Node& tree, const std::vector<NodeConfig>& nodes, const NodeConfig& self,
                 Problems& problems) {
  const Origin origin{Origin::Kind::derived, "nodes." + self.name};
  tree.set("name", Node::string(self.name, origin));
  Node roles = Node::list(origin);
  for (const Role role : self.roles) {
    roles.items.push_back(Node::string(role_word(role), origin));
  }
  tree.set("roles", std::move(roles));
  if (const Node* tags = tree.at_path("nodes." + self.name + ".tags")) overlay(tree.at_or_map("tags"), *tags);
  fill(tree.at_or_map("restapi"), "listen", Node::string(listen_address(self, self.ports.restapi), origin));
  fill(tree.at_or_map("restapi"), "connect_address", Node::string(address(self, self.ports.restapi), origin));
  if (self.has(Role::etcd)) expand_etcd_server(tree, nodes, self, origin);
  if (self.has(Role::agent)) {
    expand_agent(tree, self, origin, problems);
    expand_bootstrap(tree, nodes);
  }
  if (self.has(Role::proxy)) expand_proxy(tree, self, origin);
  if (self.has(Role::vip))
    fill(tree.at_or_map("vip").at_or_map("stats"), "listen",
         Node::string(listen_address(self, self.ports.vip), origin));
}

}  // namespace

void fill(Node& section, const std::string& key, Node value) {
  const Node* there = section.find(key);
  if (there == nullptr || there->is_null()) section.set(key, std::move(value));
}

std::string listen_address(const NodeConfig& node, int port) {
  return IpAddress::parse(node.host) ? address(node, port) : fmt::format("0.0.0.0:{}", port);
}

void expand_nodes(Node& tree, const LoadRequest& request, Problems& problems) {
  const Node* written = tree.find("nodes");
  if (written == nullptr || written->is_null()) return;
  std::vector<NodeConfig> nodes;
  Problems found;  // said again, once, when the whole document is read
  read_nodes(*written, nodes, found);
  if (found.has_errors() || nodes.empty()) {
    if (nodes.empty() && !found.has_errors()) problems.error(written->origin, "nodes", "lists no node");
    return;
  }
  refuse_clashes(tree, nodes, problems);
  const NodeConfig* self = find_self(nodes, tree, request, problems);
  expand_etcd_client(tree, nodes, self);
  if (self != nullptr) return expand_self(tree, nodes, *self, problems);
  // A host that is not listed runs nothing, whatever sections the common file has.
  if (const Node* roles = tree.find("roles"); roles == nullptr || roles->is_null())
    tree.set("roles", Node::list({Origin::Kind::derived, "nodes"}));
}

}  // namespace holdfast::config
