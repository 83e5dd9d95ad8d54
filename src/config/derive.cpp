#include <fmt/format.h>

#include "config/expand.hpp"
#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

std::string text_of(const Node& tree, std::string_view path, std::string_view otherwise = {}) {
  const Node* node = tree.at_path(path);
  return node != nullptr && node->is_scalar() ? node->text : std::string{otherwise};
}

void fill(Node& section, const std::string& key, std::string text, std::string from) {
  const Node* there = section.find(key);
  if (text.empty() || (there != nullptr && !there->is_null())) return;
  section.set(key, Node::string(std::move(text), {Origin::Kind::derived, std::move(from)}));
}

// `listen` is an address to connect to only when it names exactly one.
std::string connectable(const std::string& listen) {
  const auto address = parse_host_port(listen);
  const bool is_one = address && !is_wildcard(*address) && address->host.find(',') == std::string::npos;
  return is_one ? listen : std::string{};
}

void fill_connect_address(Node& tree, const std::string& section) {
  if (tree.find(section) == nullptr || !tree.find(section)->is_map()) return;
  fill(*tree.find(section), "connect_address", connectable(text_of(tree, section + ".listen")),
       section + ".listen");
}

bool has_role(const Node& roles, std::string_view role) {
  if (roles.is_scalar()) return roles.text == role;
  for (const Node& item : roles.items) {
    if (item.text == role) return true;
  }
  return false;
}

void fill_roles(Node& tree) {
  if (const Node* there = tree.find("roles"); there != nullptr && !there->is_null()) return;
  Node roles = Node::list({Origin::Kind::derived, "the sections that are there"});
  for (const auto& [role, section] :
       {std::pair{"agent", "postgresql"}, {"etcd", "etcd_server"}, {"proxy", "proxy"}, {"vip", "vip"}}) {
    if (tree.find(section) != nullptr) roles.items.push_back(Node::string(role, roles.origin));
  }
  tree.set("roles", std::move(roles));
}

void fill_directories(Node& tree) {
  const std::string name = text_of(tree, "name");
  const std::string scope = text_of(tree, "scope");
  if (name.empty() || scope.empty()) return;
  const std::string home =
      fmt::format("{}/{}/{}", text_of(tree, "data_root", Config{}.data_root), scope, name);
  const Node roles = *tree.find("roles");
  if (has_role(roles, "agent") && tree.at_or_map("postgresql").is_map()) {
    Node& section = tree.at_or_map("postgresql");
    fill(section, "data_dir", home + "/postgresql", "data_root");
    fill(section, "config_dir", text_of(tree, "postgresql.data_dir"), "postgresql.data_dir");
    fill(section, "pgpass", home + "/pgpass", "data_root");
  }
  if (has_role(roles, "etcd") && tree.at_or_map("etcd_server").is_map()) {
    Node& section = tree.at_or_map("etcd_server");
    fill(section, "name", name, "name");
    fill(section, "data_dir", home + "/etcd", "data_root");
    fill(section, "initial_cluster_token", "holdfast-" + scope, "scope");
  }
}

void fill_peer_urls(Node& tree) {
  Node* section = tree.find("etcd_server");
  if (section == nullptr || section->find("initial_advertise_peer_urls") != nullptr) return;
  const Node* listen = section->find("listen_peer_urls");
  if (listen == nullptr) return;
  Node urls = *listen;
  urls.origin = {Origin::Kind::derived, "etcd_server.listen_peer_urls"};
  section->set("initial_advertise_peer_urls", std::move(urls));
}

void fill_listener_names(Node& tree) {
  Node* listeners = tree.find("proxy") == nullptr ? nullptr : tree.find("proxy")->find("listeners");
  if (listeners == nullptr) return;
  for (Node& listener : listeners->items) {
    const auto bind = parse_host_port(text_of(listener, "bind"));
    if (!listener.is_map() || !bind) continue;
    fill(listener, "name", fmt::format("{}_{}", text_of(listener, "target", "primary"), bind->port),
         "target and bind");
  }
}

}  // namespace

void fill_derived(Node& tree) {
  if (!tree.is_map()) return;
  fill_roles(tree);
  fill_connect_address(tree, "restapi");
  fill_connect_address(tree, "postgresql");
  fill_directories(tree);
  fill_peer_urls(tree);
  fill_listener_names(tree);
}

}  // namespace holdfast::config
