#include "config/sections/vip_schema.hpp"

#include <algorithm>

namespace holdfast::config {
namespace {

struct NotifyKey {
  const char* key;
  std::string NotifyConfig::* member;
};
constexpr std::array notify_keys{
    NotifyKey{"notify", &NotifyConfig::notify},
    NotifyKey{"notify_master", &NotifyConfig::notify_master},
    NotifyKey{"notify_backup", &NotifyConfig::notify_backup},
    NotifyKey{"notify_fault", &NotifyConfig::notify_fault},
    NotifyKey{"notify_stop", &NotifyConfig::notify_stop},
    NotifyKey{"notify_master_rx_lower_pri", &NotifyConfig::notify_master_rx_lower_pri}};

constexpr std::array defaults_of_instances{"vrrp_version",
                                           "vrrp_strict",
                                           "vrrp_skip_check_adv_addr",
                                           "vrrp_check_unicast_src",
                                           "vrrp_down_timer_adverts",
                                           "v3_checksum_as_v2",
                                           "default_interface"};

}  // namespace

std::vector<std::string> read_notify(const Node& node, const std::vector<std::string>& keys,
                                     NotifyConfig& out, const Spot& spot) {
  std::vector<std::string> others;
  for (const std::string& key : keys) {
    const auto found = std::ranges::find(notify_keys, key, &NotifyKey::key);
    if (found == notify_keys.end()) {
      others.push_back(key);
    } else {
      Codec<std::string>::read(*node.find(key), out.*found->member, spot.at(key));
    }
  }
  return others;
}

void print_notify(const NotifyConfig& notify, Node& out) {
  for (const NotifyKey& each : notify_keys) {
    if (!(notify.*each.member).empty()) out.set(each.key, Node::string(notify.*each.member));
  }
}

void Schema<VrrpAuthentication>::finish(const Node& node, VrrpAuthentication& out, const Spot& spot) {
  constexpr std::size_t characters_max = 8;  // of the field in the advert (RFC 2338 5.3.10)
  if (out.auth_pass.reveal().size() <= characters_max) return;
  spot.at("auth_pass").warn(node, "is longer than 8 characters: the first 8 are used, as keepalived does");
  out.auth_pass = Secret{out.auth_pass.reveal().substr(0, characters_max)};
}

void Schema<VrrpInstance>::finish(const Node& node, VrrpInstance& out, const Spot& spot) {
  const auto place = [&node](const char* key) -> const Node& {
    const Node* child = node.find(key);
    return child == nullptr ? node : *child;
  };
  const bool has_none = out.version == 3 || out.strict_mode;
  if (has_none && out.authentication.auth_type != AuthType::none) {
    const char* why =
        out.version == 3 ? "version 3 has none (RFC 5798 9)" : "strict_mode has none (RFC 3768 10)";
    spot.at("authentication").warn(place("authentication"), fmt::format("is ignored: {}", why));
    out.authentication = {};
  }
  const bool has_peers = !out.unicast_peer.empty();
  const bool names_self = out.unicast_src_ip && std::erase(out.unicast_peer, *out.unicast_src_ip) > 0;
  if (!names_self) return;
  const Node& peers = place("unicast_peer");
  spot.at("unicast_peer")
      .warn(peers, fmt::format("'{}' is this host, and left out", to_string(*out.unicast_src_ip)));
  if (has_peers && out.unicast_peer.empty())
    spot.at("unicast_peer")
        .error(peers, "names nobody else: list the other routers, or remove it for multicast");
}

std::vector<std::string> Schema<VrrpGlobals>::read_others(const Node&, const std::vector<std::string>& keys,
                                                          VrrpGlobals&, const Spot&) {
  std::vector<std::string> others;
  for (const std::string& key : keys) {
    if (std::ranges::find(defaults_of_instances, key) == defaults_of_instances.end()) others.push_back(key);
  }
  return others;
}

std::vector<std::string> Schema<VipConfig>::read_others(const Node& node,
                                                        const std::vector<std::string>& keys, VipConfig&,
                                                        const Spot& spot) {
  std::vector<std::string> others;
  for (const std::string& key : keys) {
    if (describe<VrrpInstance>().find(key) == nullptr) {
      others.push_back(key);
    } else {
      spot.at(key).error(*node.find(key), "stands beside 'address', or within vrrp_instance.NAME");
    }
  }
  return others;
}

}  // namespace holdfast::config
