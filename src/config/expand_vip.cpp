#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/expand.hpp"
#include "config/read_config.hpp"

namespace holdfast::config {
namespace {

using Family = IpAddress::Family;

constexpr int router_id_otherwise = 51;  // of an address that ends in 0: keepalived's sample has it
constexpr int priority_first = 250;      // room for a weight above it
constexpr int priority_step = 20;
constexpr int priority_min = 10;

// The hosts that share the addresses, in the order of the file.
struct Team {
  std::vector<NodeConfig> nodes;     // with role vip
  const NodeConfig* self = nullptr;  // among them; nullptr: this host is none
  Origin origin;                     // of `nodes`
  bool is_listed = false;            // there are `nodes`
};

// An instance of the short form: its addresses are of one family.
struct Derived {
  std::string name;
  Family family = Family::ipv4;
  std::vector<VirtualAddress> addresses;
  Origin origin;  // of the first
};

Team read_team(const Node& tree) {
  Team team;
  const Node* written = tree.find("nodes");
  if (written == nullptr || written->is_null()) return team;
  team.is_listed = true;
  team.origin = written->origin;
  Problems found;  // said when the whole document is read
  read_nodes(*written, team.nodes, found);
  std::erase_if(team.nodes, [](const NodeConfig& node) { return !node.has(Role::vip); });
  const Node* name = tree.find("name");
  for (const NodeConfig& node : team.nodes) {
    if (name != nullptr && node.name == name->text) team.self = &node;
  }
  return team;
}

Node derived(std::string text, const std::string& from) {
  return Node::string(std::move(text), {Origin::Kind::derived, from});
}
Node derived_plain(std::string text, const std::string& from) {
  return Node::scalar(std::move(text), {Origin::Kind::derived, from});
}

// "payments", with what a name must not have replaced.
std::string instance_name(const Node& tree) {
  constexpr std::size_t bytes_max = 60;
  const Node* scope = tree.find("scope");
  std::string name = scope == nullptr || scope->text.empty() ? "vip" : scope->text.substr(0, bytes_max);
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.') c = '_';
  }
  return name;
}

bool says_length(const Node& item) {
  const Node* ip = item.is_map() ? item.find("ip") : &item;
  return ip == nullptr || ip->text.find('/') != std::string::npos;
}

// The length of the network that the address lies in, where this host has it.
void find_length(VirtualAddress& address, const Node& item, const HostIdentity& host, Problems& problems) {
  for (const InterfaceAddress& each : host.interfaces) {
    const bool is_network = each.address.length < each.address.address.bits();
    if (!is_network || !each.address.contains(address.prefix.address)) continue;
    address.prefix.length = each.address.length;
    return;
  }
  problems.warn(item.origin, "vip.address",
                fmt::format("'{0}' has no network length, and no interface of this host is in its network: "
                            "taken as /{1} (write it out, as in {0}/24)",
                            to_string(address.prefix.address), address.prefix.length));
}

// By family, IPv4 first: a virtual router has one.
std::vector<Derived> read_short_form(const Node& tree, const Node& written, const LoadRequest& request,
                                     bool is_ours, Problems& problems) {
  std::vector<VirtualAddress> addresses;
  Problems found;  // said when the whole document is read
  read_addresses(written, addresses, found);
  if (found.has_errors()) return {};
  std::array<Derived, 2> families{Derived{.family = Family::ipv4}, Derived{.family = Family::ipv6}};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Node& item = written.is_list() ? written.items[i] : written;
    if (!says_length(item) && is_ours) find_length(addresses[i], item, request.host, problems);
    Derived& family = families[addresses[i].prefix.address.is_ipv4() ? 0 : 1];
    if (family.addresses.empty()) family.origin = item.origin;
    family.addresses.push_back(std::move(addresses[i]));
  }
  std::vector<Derived> instances;
  for (Derived& family : families) {
    if (family.addresses.empty()) continue;
    family.name = instance_name(tree) + (instances.empty() ? "" : "_6");
    instances.push_back(std::move(family));
  }
  return instances;
}

std::string router_id(const Derived& instance) {
  const int last = instance.addresses.front().prefix.address.bytes().back();
  return std::to_string(last == 0 ? router_id_otherwise : last);
}

std::string priority_of(const Team& team) {
  const auto place = static_cast<int>(team.self - team.nodes.data());
  return std::to_string(std::max(priority_min, priority_first - priority_step * place));
}

// Empty: not on this host, as when another host's configuration is looked at.
std::string interface_of(const NodeConfig& node, const HostIdentity& host) {
  for (const InterfaceAddress& each : host.interfaces) {
    if (to_string(each.address.address) == node.host) return each.interface;
  }
  return {};
}

bool has_names(const Team& team, Problems& problems) {
  bool found = false;
  for (const NodeConfig& node : team.nodes) {
    if (IpAddress::parse(node.host)) continue;
    found = true;
    problems.error(
        team.origin, fmt::format("nodes.{}.host", node.name),
        fmt::format("'{}' is a name, and routers must hear each other when no name resolves: write "
                    "an address, or the full form with vip.vrrp_instance",
                    node.host));
  }
  return found;
}

// Adverts go from host to host where all have addresses of the family; else to the multicast group.
void fill_peers(Node& section, Family family, const Team& team, Problems& problems) {
  const bool is_said = section.find("unicast_peer") != nullptr || section.find("mcast_src_ip") != nullptr;
  if (is_said || team.nodes.empty() || has_names(team, problems)) return;
  Node peers = Node::list({Origin::Kind::derived, "nodes"});
  for (const NodeConfig& node : team.nodes) {
    if (IpAddress::parse(node.host)->family() != family) return;
    if (&node != team.self) peers.items.push_back(derived(node.host, "nodes." + node.name));
  }
  const bool is_alone = peers.items.empty();
  if (team.self != nullptr)
    fill(section, is_alone ? "mcast_src_ip" : "unicast_src_ip",
         derived(team.self->host, "nodes." + team.self->name));
  if (!is_alone) fill(section, "unicast_peer", std::move(peers));
}

void fill_instance(Node& section, const Derived& instance, const Team& team, const LoadRequest& request,
                   Problems& problems) {
  Node addresses = Node::list(instance.origin);
  for (const VirtualAddress& address : instance.addresses)
    addresses.items.push_back(Node::string(print_address(address), instance.origin));
  fill(section, "virtual_ipaddress", std::move(addresses));
  const std::string from = "vip.address";
  fill(section, "state", derived("BACKUP", from));
  fill(section, "version", derived_plain("3", from));
  fill(section, "advert_int", derived("100ms", from));
  fill(section, "nopreempt", derived_plain("true", from));
  fill(section, "virtual_router_id", derived_plain(router_id(instance), from));
  fill_peers(section, instance.family, team, problems);
  if (team.self == nullptr) return;
  const std::string self = "nodes." + team.self->name;
  fill(section, "priority", derived_plain(priority_of(team), self));
  const std::string interface = interface_of(*team.self, request.host);
  if (!interface.empty()) fill(section, "interface", derived(interface, "the address of " + self));
}

// Keys of `vip` itself; every other key of an instance belongs to the short form's.
constexpr std::array own_keys{"address",         "ownership",       "lease_ttl",         "global_defs",
                              "vrrp_instance",   "vrrp_sync_group", "vrrp_script",       "track_file",
                              "vrrp_track_file", "stats",           "vrrp_track_process"};

// Takes them out of `vip`.
Node take_short_keys(Node& vip) {
  const SectionInfo& known = *describe_config().find("vip")->section->find("vrrp_instance")->section;
  Node keys = Node::map(vip.origin);
  for (const auto& [key, value] : vip.children) {
    if (std::ranges::find(own_keys, key) == own_keys.end() && known.find(key) != nullptr)
      keys.set(key, value);
  }
  for (const auto& [key, ignored] : keys.children) vip.erase(key);
  return keys;
}

void make_instances(Node& tree, Node& vip, const Team& team, const LoadRequest& request, Problems& problems) {
  const Node written = *vip.find("address");
  const bool is_ours = team.self != nullptr || !team.is_listed;
  const auto instances = read_short_form(tree, written, request, is_ours, problems);
  const Node keys = take_short_keys(vip);
  Node& sections = vip.at_or_map("vrrp_instance");
  if (sections.children.empty()) sections.origin = {Origin::Kind::derived, "vip.address"};
  for (const Derived& instance : instances) {
    if (sections.find(instance.name) == nullptr)
      sections.set(instance.name, Node::map({Origin::Kind::derived, "vip.address"}));
    Node& section = sections.at_or_map(instance.name);
    for (const auto& [key, value] : keys.children) fill(section, key, value);
    fill_instance(section, instance, team, request, problems);
  }
  if (instances.size() < 2) return;
  Node names = Node::list({Origin::Kind::derived, "vip.address"});
  for (const Derived& instance : instances) names.items.push_back(derived(instance.name, "vip.address"));
  fill(vip.at_or_map("vrrp_sync_group").at_or_map(instance_name(tree)), "group", std::move(names));
}

struct Inherited {
  const char* from;
  const char* to;
};
constexpr std::array inherited{Inherited{"global_defs.vrrp_version", "version"},
                               Inherited{"global_defs.vrrp_strict", "strict_mode"},
                               Inherited{"global_defs.vrrp_skip_check_adv_addr", "skip_check_adv_addr"},
                               Inherited{"global_defs.vrrp_check_unicast_src", "check_unicast_src"},
                               Inherited{"global_defs.vrrp_down_timer_adverts", "down_timer_adverts"},
                               Inherited{"global_defs.v3_checksum_as_v2", "v3_checksum_as_v2"},
                               Inherited{"global_defs.default_interface", "interface"},
                               Inherited{"ownership", "ownership"}};

bool has_proxy(const Node& tree) {
  const Node* roles = tree.find("roles");
  return roles != nullptr &&
         (roles->text == "proxy" ||
          std::ranges::any_of(roles->items, [](const Node& role) { return role.text == "proxy"; }));
}

void fill_inherited(const Node& tree, Node& vip) {
  Node* sections = vip.find("vrrp_instance");
  if (sections == nullptr) return;
  const bool tracks_proxy = has_proxy(tree);
  for (auto& [name, section] : sections->children) {
    if (!section.is_map()) continue;
    for (const Inherited& each : inherited) {
      const Node* value = std::as_const(vip).at_path(each.from);
      if (value != nullptr && !value->is_null()) fill(section, each.to, *value);
    }
    if (tracks_proxy) fill(section, "track_proxy", derived_plain("true", "roles"));
  }
}

void warn_about_team(const Node& vip, const Team& team, Problems& problems) {
  if (!team.is_listed) return;
  if (team.nodes.empty()) {
    problems.warn(vip.origin, "vip", "has no effect: no node has role vip");
  } else if (team.nodes.size() == 1 && vip.find("address") != nullptr) {
    problems.warn(
        vip.origin, "vip",
        fmt::format("only {} has role vip: nobody takes the address over", team.nodes.front().name));
  }
}

}  // namespace

void expand_vip(Node& tree, const LoadRequest& request, Problems& problems) {
  Node* vip = tree.find("vip");
  if (vip == nullptr || !vip->is_map()) return;
  const Team team = read_team(tree);
  warn_about_team(*vip, team, problems);
  const Node* address = vip->find("address");
  if (address != nullptr && !address->is_null()) make_instances(tree, *vip, team, request, problems);
  fill_inherited(tree, *vip);
}

}  // namespace holdfast::config
