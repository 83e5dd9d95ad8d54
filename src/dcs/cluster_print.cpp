#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/duration.hpp"
#include "dcs/cluster.hpp"
#include "dcs/fields.hpp"

namespace holdfast::dcs {

namespace json = boost::json;

std::string print_sync(const SyncState& sync) {
  auto names = sync.standbys;
  std::sort(names.begin(), names.end());
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ",") + name;
  json::object fields;
  fields["leader"] = sync.leader.empty() ? json::value{} : json::value(sync.leader);
  fields["quorum"] = sync.quorum;
  fields["sync_standby"] = joined.empty() ? json::value{} : json::value(joined);
  return print_json(fields);
}

std::string print_status(const Status& status) {
  json::object fields;
  fields["optime"] = print_integer(status.optime.value_or(Lsn{}).value);
  if (status.slots) {
    json::object slots;
    for (const auto& [name, at] : *status.slots) slots[name] = print_integer(at.value);
    fields["slots"] = slots;
  }
  if (status.retain_slots) {
    json::array names;
    for (const auto& name : *status.retain_slots) names.emplace_back(name);
    fields["retain_slots"] = names;
  }
  return print_json(fields);
}

std::string print_history(const History& history) {
  json::array entries;
  for (const auto& entry : history.entries) {
    json::array tuple{entry.timeline, print_integer(entry.at.value), json::value(entry.reason)};
    // The fifth element needs the fourth.
    if (entry.when || entry.leader) tuple.emplace_back(entry.when.value_or(""));
    if (entry.leader) tuple.emplace_back(*entry.leader);
    entries.push_back(tuple);
  }
  return print_json(entries);
}

std::string print_failover(const Failover& failover) {
  json::object fields;
  if (!failover.leader.empty()) fields["leader"] = failover.leader;
  if (!failover.member.empty()) fields["member"] = failover.member;
  if (failover.scheduled_at) fields["scheduled_at"] = print_iso(*failover.scheduled_at);
  return print_json(fields);
}

std::string print_failsafe(const std::map<std::string, std::string>& failsafe) {
  json::object fields;
  for (const auto& [name, url] : failsafe) fields[name] = url;
  return print_json(fields);
}

}  // namespace holdfast::dcs
