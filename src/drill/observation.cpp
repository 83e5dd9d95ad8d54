#include "drill/observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

namespace holdfast::drill {
namespace {

namespace json = boost::json;

json::object parse_object(std::string_view text) {
  json::error_code failed;
  const auto value = json::parse(json::string_view{text.data(), text.size()}, failed);
  return !failed && value.is_object() ? value.get_object() : json::object{};
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::int64_t number_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  return value->is_uint64() ? static_cast<std::int64_t>(value->get_uint64()) : 0;
}

bool flag_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

json::object object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : json::object{};
}

}  // namespace

bool MemberSeen::is_healthy() const {
  if (!agent_answers || state != "running") return false;
  return is_primary() || replication_state == "streaming";
}

const MemberSeen* Observation::member(std::string_view name) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
  return found == members.end() ? nullptr : &*found;
}

const MemberSeen* Observation::primary() const {
  const auto* holder = member(leader);
  return holder != nullptr && holder->is_primary() ? holder : nullptr;
}

MemberSeen parse_member(std::string name, std::string_view body) {
  const auto object = parse_object(body);
  MemberSeen seen{.name = std::move(name), .agent_answers = !object.empty()};
  seen.role = text_at(object, "role");
  seen.state = text_at(object, "state");
  seen.replication_state = text_at(object, "replication_state");
  seen.synchronous = flag_at(object, "sync_standby") || flag_at(object, "quorum_standby");
  seen.timeline = static_cast<Timeline>(number_at(object, "timeline"));
  const auto xlog = object_at(object, "xlog");
  for (const std::string_view key : {"location", "replayed_location", "received_location"}) {
    seen.position.value = std::max(seen.position.value, static_cast<std::uint64_t>(number_at(xlog, key)));
  }
  seen.reason = text_at(object_at(object, "holdfast"), "reason");
  return seen;
}

ProxySeen parse_proxy(std::string name, std::string_view body) {
  const auto object = parse_object(body);
  const auto gate = object_at(object, "gate");
  ProxySeen seen{.name = std::move(name),
                 .answers = !object.empty(),
                 .gate = text_at(gate, "state"),
                 .primary = text_at(gate, "primary"),
                 .epoch = number_at(gate, "epoch"),
                 .why = text_at(gate, "why"),
                 .waiting = number_at(object, "waiting")};
  const auto* servers = object.if_contains("servers");
  if (servers == nullptr || !servers->is_array()) return seen;
  for (const auto& value : servers->get_array()) {
    if (!value.is_object()) continue;
    const auto& server = value.get_object();
    seen.servers.push_back({text_at(server, "name"), text_at(server, "role"), flag_at(server, "serving"),
                            number_at(server, "connections"), text_at(server, "why")});
  }
  return seen;
}

VipSeen parse_vip(std::string name, std::string_view body) {
  const auto object = parse_object(body);
  VipSeen seen{.name = std::move(name), .answers = !object.empty()};
  const auto* instances = object.if_contains("instances");
  if (instances == nullptr || !instances->is_array() || instances->get_array().empty()) return seen;
  const auto& first = instances->get_array().front();
  if (!first.is_object()) return seen;
  const auto& instance = first.get_object();
  seen.state = text_at(instance, "state");
  seen.holds = flag_at(instance, "holds_addresses");
  seen.is_sick = flag_at(instance, "is_sick");
  seen.priority = static_cast<int>(number_at(instance, "priority"));
  seen.reason = text_at(instance, "reason");
  seen.why = text_at(instance, "priority_why");
  return seen;
}

const VipSeen* Observation::vip_holder() const {
  const auto found = std::find_if(vips.begin(), vips.end(),
                                  [](const auto& vip) { return vip.answers && vip.state == "MASTER"; });
  return found == vips.end() ? nullptr : &*found;
}

State state_of(const VipSeen& vip) {
  if (!vip.answers) return {"does not answer", Tone::bad};
  const std::string sick = vip.is_sick ? ", proxy not well" : "";
  if (vip.state == "MASTER") return {"has the address" + sick, sick.empty() ? Tone::good : Tone::bad};
  if (vip.state == "BACKUP") return {"stands by" + sick, sick.empty() ? Tone::calm : Tone::busy};
  return {vip.state, Tone::bad};
}

// One host has the address, and another could take it.
void doubt_address(const std::vector<VipSeen>& vips, std::vector<std::string>& doubts) {
  if (vips.empty()) return;
  std::size_t holders = 0;
  bool has_backup = vips.size() == 1;
  for (const auto& vip : vips) {
    if (!vip.answers || vip.is_sick || (vip.state != "MASTER" && vip.state != "BACKUP"))
      doubts.push_back(fmt::format("{} vip: {}", vip.name, state_of(vip).text));
    if (vip.answers && vip.state == "MASTER") ++holders;
    has_backup = has_backup || (vip.answers && vip.state == "BACKUP" && !vip.is_sick);
  }
  if (holders != 1) doubts.push_back(fmt::format("{} hosts have the floating address", holders));
  if (!has_backup) doubts.emplace_back("no other host could take the floating address");
}

State state_of(const MemberSeen& member) {
  const std::string postgres = !member.writable   ? "does not answer"
                               : *member.writable ? "writable"
                                                  : "read only";
  if (!member.agent_answers)
    return {"agent silent, PostgreSQL " + postgres, member.writable ? Tone::busy : Tone::bad};
  if (member.is_primary()) {
    const bool serves = member.state == "running" && member.writable.value_or(false);
    return {serves ? "primary" : "primary, " + member.state + ", " + postgres,
            serves ? Tone::good : Tone::busy};
  }
  std::string text = member.synchronous ? "sync standby" : member.role;
  if (member.is_healthy()) return {text, Tone::calm};
  if (member.state != "running") return {text + ", " + member.state, Tone::busy};
  return {text + ", not streaming", Tone::busy};
}

State state_of(const ProxySeen& proxy) {
  if (!proxy.answers) return {"does not answer", Tone::bad};
  if (proxy.gate == "open") return {"open to " + proxy.primary, Tone::good};
  if (proxy.gate == "draining") return {"draining " + proxy.primary, Tone::busy};
  return {proxy.gate, Tone::busy};
}

std::vector<std::string> doubts(const Observation& seen, bool synchronous) {
  std::vector<std::string> doubts;
  if (!seen.dcs_answers) doubts.push_back("etcd does not answer");
  if (seen.etcd_members < 3) {
    doubts.push_back(fmt::format("etcd has {} members: it can't lose one", seen.etcd_members));
  } else if (seen.etcd_up <= seen.etcd_members / 2 + 1 && seen.etcd_up < seen.etcd_members) {
    doubts.push_back(
        fmt::format("{} of {} etcd members answer: it can't lose another", seen.etcd_up, seen.etcd_members));
  }
  const auto* primary = seen.primary();
  if (primary == nullptr) doubts.push_back("there is no primary that holds the leader lock");
  if (primary != nullptr && !primary->writable.value_or(false))
    doubts.push_back(primary->name + " takes no writes");
  bool has_standby = false;
  bool has_synchronous = false;
  for (const auto& member : seen.members) {
    if (!member.is_healthy()) doubts.push_back(fmt::format("{}: {}", member.name, state_of(member).text));
    const bool stands_by = !member.is_primary() && member.is_healthy();
    has_standby = has_standby || stands_by;
    has_synchronous = has_synchronous || (stands_by && member.synchronous);
  }
  if (!has_standby) doubts.push_back("no standby could take over");
  if (synchronous && has_standby && !has_synchronous)
    doubts.push_back("no standby is synchronous: commits could be lost");
  for (const auto& proxy : seen.proxies) {
    if (!proxy.answers)
      doubts.push_back(proxy.name + ": does not answer");
    else if (proxy.gate != "open")
      doubts.push_back(fmt::format("{}: its gate is {}: {}", proxy.name, proxy.gate, proxy.why));
  }
  doubt_address(seen.vips, doubts);
  return doubts;
}

}  // namespace holdfast::drill
