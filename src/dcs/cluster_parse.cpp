#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <set>

#include "base/duration.hpp"
#include "dcs/cluster.hpp"
#include "dcs/fields.hpp"

namespace holdfast::dcs {
namespace {

namespace json = boost::json;

std::string text_of(const json::string& text) {
  return {text.c_str(), text.size()};
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto end = text.find(',');
    auto name = text.substr(0, end);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<SyncState> parse_sync(const KeyValue& entry) {
  auto fields = parse_json_object(entry.value);
  if (!fields) return std::nullopt;
  SyncState sync;
  sync.leader = take_text(*fields, "leader");
  sync.quorum =
      static_cast<int>(std::clamp<std::int64_t>(take_integer(*fields, "quorum").value_or(0), 0, 1'000'000));
  sync.standbys = split_names(take_text(*fields, "sync_standby"));
  sync.mod_revision = entry.mod_revision;
  return sync;
}

std::optional<Status> parse_status(const KeyValue& entry) {
  auto fields = parse_json_object(entry.value);
  if (!fields) return std::nullopt;
  Status status{.mod_revision = entry.mod_revision};
  status.optime = take_lsn(*fields, "optime");
  if (auto slots = take_object(*fields, "slots")) {
    status.slots.emplace();
    for (const auto& [name, value] : *slots) {
      if (const auto at = integer_of(value); at && *at >= 0) {
        (*status.slots)[std::string{name}] = Lsn{static_cast<std::uint64_t>(*at)};
      }
    }
  }
  if (const auto* retained = fields->if_contains("retain_slots");
      retained != nullptr && retained->is_array()) {
    status.retain_slots.emplace();
    for (const auto& name : retained->get_array()) {
      if (name.is_string()) status.retain_slots->push_back(text_of(name.get_string()));
    }
  }
  return status;
}

std::optional<Status> parse_optime(const KeyValue& entry) {
  std::uint64_t value = 0;
  const auto& text = entry.value;
  if (!is_digits(text) || std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) {
    return std::nullopt;
  }
  return Status{.optime = Lsn{value}, .slots = {}, .retain_slots = {}, .mod_revision = entry.mod_revision};
}

std::optional<HistoryEntry> parse_history_entry(const json::value& value) {
  const auto* tuple = value.if_array();
  if (tuple == nullptr || tuple->size() < 3 || !(*tuple)[2].is_string()) return std::nullopt;
  const auto timeline = integer_of((*tuple)[0]);
  const auto at = integer_of((*tuple)[1]);
  if (!timeline || !at || *timeline < 0 || *at < 0) return std::nullopt;
  HistoryEntry entry;
  entry.timeline = static_cast<Timeline>(*timeline);
  entry.at = Lsn{static_cast<std::uint64_t>(*at)};
  entry.reason = text_of((*tuple)[2].get_string());
  if (tuple->size() > 3 && (*tuple)[3].is_string()) entry.when = text_of((*tuple)[3].get_string());
  if (tuple->size() > 4 && (*tuple)[4].is_string()) entry.leader = text_of((*tuple)[4].get_string());
  return entry;
}

std::optional<History> parse_history(const KeyValue& entry) {
  boost::system::error_code code;
  const auto value = json::parse(entry.value, code);
  if (code || !value.is_array()) return std::nullopt;
  History history{.entries = {}, .mod_revision = entry.mod_revision};
  for (const auto& item : value.get_array()) {
    auto parsed = parse_history_entry(item);
    if (!parsed) return std::nullopt;
    history.entries.push_back(*std::move(parsed));
  }
  return history;
}

TimelineNumber parse_timeline(const KeyValue& entry) {
  TimelineNumber timeline{.number = 0, .mod_revision = entry.mod_revision};
  const auto& text = entry.value;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), timeline.number);
  const bool is_number = is_digits(text) && read.ec == std::errc{} && timeline.number <= timeline_max;
  if (!is_number) timeline.number = 0;
  return timeline;
}

// "leader:member" of old versions; either may be missing.
Failover parse_legacy_failover(const KeyValue& entry) {
  const auto colon = entry.value.find(':');
  Failover failover{.mod_revision = entry.mod_revision};
  failover.leader = entry.value.substr(0, colon);
  if (colon != std::string::npos) failover.member = entry.value.substr(colon + 1);
  return failover;
}

std::optional<Failover> parse_failover(const KeyValue& entry) {
  auto fields = parse_json_object(entry.value);
  if (!fields) {
    const bool is_legacy = entry.value.find_first_of("{}[]\"") == std::string::npos;
    if (!is_legacy) return std::nullopt;
    return parse_legacy_failover(entry);
  }
  Failover failover{.mod_revision = entry.mod_revision};
  failover.leader = take_text(*fields, "leader");
  failover.member = take_text(*fields, "member");
  const auto scheduled = take_text(*fields, "scheduled_at");
  if (scheduled.empty()) return failover;
  const auto when = parse_iso(scheduled);
  if (!when)
    return std::nullopt;  // acting at once on what was meant for later would be worse than not acting
  failover.scheduled_at = *when;
  return failover;
}

std::optional<std::map<std::string, std::string>> parse_failsafe(const KeyValue& entry) {
  const auto fields = parse_json_object(entry.value);
  if (!fields) return std::nullopt;
  std::map<std::string, std::string> members;
  for (const auto& [name, url] : *fields) {
    if (url.is_string()) members[std::string{name}] = text_of(url.get_string());
  }
  return members;
}

std::optional<Config> parse_config(const KeyValue& entry) {
  auto value = parse_json_object(entry.value);
  if (!value) return std::nullopt;
  return Config{entry.value, *std::move(value), entry.mod_revision};
}

// Reads one kind of key; what does not parse is absent and told.
template <class Parse>
auto read(const Snapshot& snapshot, const Keys& keys, const std::string& key, Parse parse, Cluster& cluster)
    -> decltype(parse(KeyValue{})) {
  const auto* entry = snapshot.find(key);
  if (entry == nullptr) return std::nullopt;
  auto parsed = parse(*entry);
  if (!parsed) cluster.problems.push_back(key.substr(keys.prefix().size()) + ": malformed value is ignored");
  return parsed;
}

void read_members(const Keys& keys, const Snapshot& snapshot, Cluster& cluster) {
  for (const auto& entry : snapshot.entries) {
    const auto name = keys.member_of(entry.key);
    if (!name) continue;
    auto fields = parse_json_object(entry.value);
    if (!fields) {
      cluster.problems.push_back("members/" + *name + ": malformed value is ignored");
      continue;
    }
    Member member = take_member(*std::move(fields));
    member.name = *name;
    member.mod_revision = entry.mod_revision;
    member.lease = entry.lease;
    cluster.members.push_back(std::move(member));
  }
}

void read_timeline(const Keys& keys, const Snapshot& snapshot, Cluster& cluster) {
  const auto* entry = snapshot.find(keys.timeline());
  if (entry == nullptr) return;
  cluster.timeline = parse_timeline(*entry);
  if (cluster.timeline->number == 0) cluster.problems.push_back("timeline: malformed value is ignored");
}

std::optional<Initialize> parse_initialize(const KeyValue& entry) {
  if (!entry.value.empty() && !is_digits(entry.value)) return std::nullopt;
  return Initialize{entry.value, entry.mod_revision};
}

std::optional<LeaderLock> parse_leader(const KeyValue& entry) {
  if (entry.value.empty()) return std::nullopt;
  return LeaderLock{entry.value, entry.create_revision, entry.mod_revision, entry.lease};
}

}  // namespace

const Member* Cluster::member(std::string_view name) const {
  for (const auto& candidate : members) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

Cluster parse_cluster(const Keys& keys, const Snapshot& snapshot) {
  Cluster cluster;
  cluster.revision = snapshot.revision;
  cluster.initialize = read(snapshot, keys, keys.initialize(), parse_initialize, cluster);
  cluster.leader = read(snapshot, keys, keys.leader(), parse_leader, cluster);
  cluster.config = read(snapshot, keys, keys.config(), parse_config, cluster);
  cluster.sync = read(snapshot, keys, keys.sync(), parse_sync, cluster);
  const bool has_status = snapshot.find(keys.status()) != nullptr;
  cluster.status = has_status ? read(snapshot, keys, keys.status(), parse_status, cluster)
                              : read(snapshot, keys, keys.optime(), parse_optime, cluster);
  cluster.history = read(snapshot, keys, keys.history(), parse_history, cluster);
  read_timeline(keys, snapshot, cluster);
  cluster.failover = read(snapshot, keys, keys.failover(), parse_failover, cluster);
  cluster.failsafe = read(snapshot, keys, keys.failsafe(), parse_failsafe, cluster);
  read_members(keys, snapshot, cluster);
  return cluster;
}

}  // namespace holdfast::dcs
