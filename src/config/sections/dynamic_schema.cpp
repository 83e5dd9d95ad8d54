#include "config/sections/dynamic_schema.hpp"

#include <algorithm>

namespace holdfast::config {
namespace {

// Patroni never takes these from the DCS: they differ between members, or are secrets.
constexpr std::array local_only{"connect_address", "proxy_address", "listen",        "config_dir",
                                "data_dir",        "pgpass",        "authentication"};

void check_postgresql(const Node& node, const Spot& spot) {
  PostgresqlConfig scratch;
  read_section(node, scratch, spot);
  for (const char* key : local_only) {
    if (const Node* value = node.find(key))
      spot.at(key).warn(*value, "is local: it has no effect in the DCS");
  }
}

// The rule and its repair are Patroni's, so that mixed clusters agree on what is in force.
void keep_timeouts_rule(const Node& node, DynamicConfig& out, const Spot& spot) {
  constexpr milliseconds loop_wait_min = 1s;
  if (out.loop_wait + 2 * out.retry_timeout <= out.ttl) return;
  const DynamicConfig before = out;
  if (loop_wait_min + 2 * out.retry_timeout > out.ttl) {
    out.loop_wait = loop_wait_min;
    out.retry_timeout = std::chrono::floor<seconds>((out.ttl - loop_wait_min) / 2);
  } else {
    out.loop_wait = out.ttl - 2 * out.retry_timeout;
  }
  const Node* blamed = nullptr;
  for (const char* key : {"loop_wait", "retry_timeout", "ttl"}) blamed = blamed ? blamed : node.find(key);
  spot.warn(
      blamed ? *blamed : node,
      fmt::format("loop_wait + 2*retry_timeout must not be more than ttl ({}): loop_wait goes from {} to {}, "
                  "retry_timeout from {} to {}",
                  print_duration(out.ttl), print_duration(before.loop_wait), print_duration(out.loop_wait),
                  print_duration(before.retry_timeout), print_duration(out.retry_timeout)));
}

void keep_lease_rules(const Node& node, DynamicConfig& out, const Spot& spot) {
  if (out.leader_ttl > out.ttl) {
    spot.error(node, fmt::format("leader_ttl ({}) must not be longer than ttl ({})",
                                 print_duration(out.leader_ttl), print_duration(out.ttl)));
    out.leader_ttl = out.ttl;
  }
  if (out.standby_drop_after < 2 * out.heartbeat_interval) {
    spot.error(node,
               fmt::format("standby_drop_after ({}) must be at least twice heartbeat_interval ({})",
                           print_duration(out.standby_drop_after), print_duration(out.heartbeat_interval)));
    out.standby_drop_after = 2 * out.heartbeat_interval;
  }
}

}  // namespace

void Schema<SlotConfig>::finish(const Node& node, SlotConfig& out, const Spot& spot) {
  const bool is_logical = out.type == SlotType::logical || (!out.database.empty() && !out.plugin.empty());
  if (is_logical && (out.database.empty() || out.plugin.empty())) {
    spot.error(node, "a logical slot needs both 'database' and 'plugin'");
  }
  if (!out.cluster_type.empty() && out.cluster_type != "primary" && out.cluster_type != "standby") {
    spot.at("cluster_type").error(*node.find("cluster_type"), "expects one of primary, standby");
  }
  if (is_logical) out.type = SlotType::logical;
}

void Codec<std::vector<SlotConfig>>::read(const Node& node, std::vector<SlotConfig>& out, const Spot& spot) {
  if (!node.is_map()) return spot.expected(node, "a map of slot names");
  out.clear();
  for (const auto& [name, section] : node.children) {
    SlotConfig slot;
    read_section(section, slot, spot.at(name));
    slot.name = name;
    out.push_back(std::move(slot));
  }
}

Node Codec<std::vector<SlotConfig>>::print(const std::vector<SlotConfig>& value) {
  Node map = Node::map();
  for (const SlotConfig& slot : value) map.set(slot.name, print_section(slot));
  return map;
}

void Schema<DynamicConfig>::finish(const Node& node, DynamicConfig& out, const Spot& spot) {
  out.tree = node;
  if (out.postgresql.is_map()) check_postgresql(out.postgresql, spot.at("postgresql"));
  keep_timeouts_rule(node, out, spot);
  keep_lease_rules(node, out, spot);
}

bool DynamicConfig::operator==(const DynamicConfig& other) const {
  return print_section(*this).same_value(print_section(other));
}

}  // namespace holdfast::config
