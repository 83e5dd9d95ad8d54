#include "cli/members.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <cctype>
#include <cmath>
#include <set>

#include "cli/text.hpp"
#include "config/values.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

const json::value* setting(const dcs::Cluster& cluster, std::string_view key) {
  return cluster.config ? cluster.config->value.if_contains(key) : nullptr;
}

bool is_leader(const dcs::Cluster& cluster, const dcs::Member& member) {
  return cluster.leader && cluster.leader->name == member.name;
}

bool is_quorum(const dcs::Cluster& cluster) {
  const auto* mode = setting(cluster, "synchronous_mode");
  return mode != nullptr && mode->is_string() && mode->as_string() == "quorum";
}

std::string role_of(const dcs::Cluster& cluster, const dcs::Member& member) {
  if (is_leader(cluster, member)) return is_standby_cluster(cluster) ? "standby_leader" : "leader";
  if (!is_synchronous(cluster) || !cluster.sync || cluster.sync->leader.empty()) return "replica";
  const auto& standbys = cluster.sync->standbys;
  if (std::ranges::find(standbys, member.name) == standbys.end()) return "replica";
  return is_quorum(cluster) ? "quorum_standby" : "sync_standby";
}

std::optional<std::int64_t> lag_of(const dcs::Cluster& cluster, std::optional<Lsn> position) {
  if (!position) return {};
  const Lsn written = cluster.status && cluster.status->optime ? *cluster.status->optime : Lsn{};
  return std::max<std::int64_t>(0, bytes_between(*position, written));
}

void add_positions(const dcs::Cluster& cluster, const dcs::Member& member, MemberRow& row) {
  // Members before Patroni 4.1 tell one position only: the further one of the two.
  row.receive = member.receive_lsn ? member.receive_lsn : member.xlog_location;
  row.replay = member.replay_lsn ? member.replay_lsn : member.xlog_location;
  row.receive_lag = lag_of(cluster, row.receive);
  row.replay_lag = lag_of(cluster, row.replay);
}

MemberRow row_of(const dcs::Cluster& cluster, const dcs::Member& member) {
  MemberRow row{.name = member.name,
                .role = role_of(cluster, member),
                .state = member.state,
                .timeline = member.timeline,
                .member = &member};
  if (const auto address = address_of(member)) {
    row.host = address->host;
    row.port = address->port;
  }
  if (const auto* from = member.tags.if_contains("replicatefrom")) row.follows = plain_text(*from);
  if (!is_leader(cluster, member)) {
    if (!member.replication_state.empty()) row.state = member.replication_state;
    add_positions(cluster, member, row);
  }
  return row;
}

void add_branch(const std::vector<MemberRow>& rows, const std::string& parent, std::size_t level,
                std::set<std::string>& placed, std::vector<MemberRow>& out) {
  const auto follows_a_replica = [&](const MemberRow& row) {
    return row.follows != row.name && std::ranges::any_of(rows, [&](const MemberRow& other) {
             return other.name == row.follows && !other.is_leader();
           });
  };
  for (const auto& row : rows) {
    const bool is_child = follows_a_replica(row) ? row.follows == parent : parent.empty();
    if (row.is_leader() || !is_child || !placed.insert(row.name).second) continue;
    out.push_back(row);
    out.back().name = std::string((level - 1) * 2, ' ') + "+ " + row.name;
    add_branch(rows, row.name, level + 1, placed, out);
  }
}

// Host as host:port when that says more: an unusual port, or two members on one host.
bool shows_ports(const std::vector<MemberRow>& rows) {
  std::set<std::string> hosts;
  std::size_t announced = 0;
  for (const auto& row : rows) {
    if (row.host.empty()) continue;
    if (row.port != 5432) return true;
    hosts.insert(row.host);
    ++announced;
  }
  return hosts.size() < announced;
}

std::string restart_reasons(const dcs::Member& member, bool may_shorten) {
  std::vector<std::string> lines;
  for (const auto& [name, change] : member.pending_restart_reason) {
    const auto* object = change.if_object();
    const auto* before = object != nullptr ? object->if_contains("old_value") : nullptr;
    const auto* after = object != nullptr ? object->if_contains("new_value") : nullptr;
    if (before == nullptr || after == nullptr) continue;
    auto line = fmt::format("{}: {}->{}", std::string{name}, plain_text(*before), plain_text(*after));
    if (may_shorten && line.size() > 50) line = std::string{name} + ": [hidden - too long]";
    lines.push_back(std::move(line));
  }
  return join(lines, "\n");
}

std::string scheduled_restart(const dcs::Member& member) {
  const auto* when = member.scheduled_restart.if_contains("schedule");
  if (when == nullptr) return {};
  const auto* version = member.scheduled_restart.if_contains("postgres_version");
  return plain_text(*when) + (version != nullptr ? " if version < " + plain_text(*version) : "");
}

json::value megabytes(const MemberRow& row, const std::optional<std::int64_t>& lag) {
  if (row.is_leader()) return "";
  if (!lag) return "unknown";
  return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(*lag) / 1024 / 1024));
}

json::value position(const MemberRow& row, const std::optional<Lsn>& lsn) {
  if (row.is_leader()) return "";
  return lsn ? json::value(print_lsn(*lsn)) : json::value("unknown");
}

std::vector<json::value> cells_of(const MemberRow& row, const std::string& scope, bool with_port) {
  const std::string host =
      with_port && !row.host.empty() ? config::print_host_port({row.host, row.port}) : row.host;
  const json::value timeline = row.timeline != 0 ? json::value(row.timeline) : json::value("");
  return {json::value(scope),         json::value(row.name),
          json::value(host),          json::value(role_title(row.role)),
          json::value(row.state),     timeline,
          position(row, row.receive), megabytes(row, row.receive_lag),
          position(row, row.replay),  megabytes(row, row.replay_lag)};
}

std::string title_of(const dcs::Cluster& cluster, const std::string& scope) {
  std::string id = "uninitialized";
  if (cluster.initialize)
    id = cluster.initialize->system_id.empty() ? "initializing" : cluster.initialize->system_id;
  return fmt::format(" Cluster: {} ({}) ", scope, id);
}

// A column of `list` that is there only when somebody has something in it, or on -e.
void add_optional_column(Table& table, const std::string& name, bool extended,
                         std::vector<json::value> cells) {
  const auto is_filled = [](const json::value& cell) {
    return cell.is_object() ? !cell.as_object().empty() : !plain_text(cell).empty();
  };
  if (!extended && std::ranges::none_of(cells, is_filled)) return;
  table.columns.push_back({.name = name});
  for (std::size_t i = 0; i < cells.size(); ++i) {
    table.rows[i].push_back(is_filled(cells[i]) ? std::move(cells[i]) : json::value(""));
  }
}

}  // namespace

std::vector<MemberRow> member_rows(const dcs::Cluster& cluster) {
  std::vector<MemberRow> rows;
  for (const auto& member : cluster.members) rows.push_back(row_of(cluster, member));
  std::ranges::sort(rows, {}, &MemberRow::name);
  return rows;
}

std::vector<MemberRow> in_topology(const std::vector<MemberRow>& rows) {
  std::vector<MemberRow> out;
  std::set<std::string> placed;
  for (const auto& row : rows) {
    if (row.is_leader()) out.push_back(row);
  }
  add_branch(rows, "", 1, placed, out);
  // Two that name each other hang on nobody: better shown at the end than not at all.
  for (const auto& row : rows) {
    if (!row.is_leader() && placed.insert(row.name).second) {
      out.push_back(row);
      out.back().name = "+ " + row.name;
    }
  }
  return out;
}

std::string role_title(std::string_view role) {
  std::string title;
  bool starts_word = true;
  for (const char c : role) {
    title +=
        c == '_' ? ' ' : static_cast<char>(starts_word ? std::toupper(static_cast<unsigned char>(c)) : c);
    starts_word = c == '_';
  }
  return title;
}

bool is_paused(const dcs::Cluster& cluster) {
  const auto* pause = setting(cluster, "pause");
  return pause != nullptr && pause->is_bool() && pause->as_bool();
}

bool is_standby_cluster(const dcs::Cluster& cluster) {
  const auto* standby = setting(cluster, "standby_cluster");
  const auto* section = standby != nullptr ? standby->if_object() : nullptr;
  return section != nullptr &&
         (section->contains("host") || section->contains("port") || section->contains("restore_command"));
}

bool is_synchronous(const dcs::Cluster& cluster) {
  const auto* mode = setting(cluster, "synchronous_mode");
  if (mode == nullptr) return false;
  if (mode->is_bool()) return mode->as_bool();
  const std::string word = plain_text(*mode);
  return word == "on" || word == "true" || word == "quorum";
}

Table members_table(const dcs::Cluster& cluster, const std::string& scope, bool extended, Format format) {
  const bool is_pretty = format == Format::pretty || format == Format::topology;
  auto rows = member_rows(cluster);
  const bool with_port = shows_ports(rows);
  if (format == Format::topology) rows = in_topology(rows);

  Table table{.title = title_of(cluster, scope), .columns = {}, .rows = {}, .omits_empty = true};
  table.columns = {{.name = "Cluster", .is_pretty = false},
                   {.name = "Member"},
                   {.name = "Host"},
                   {.name = "Role"},
                   {.name = "State"},
                   {.name = "TL", .is_right = true},
                   {.name = "Receive LSN", .is_right = true},
                   {.name = "Receive Lag", .head = "Lag", .is_right = true},
                   {.name = "Replay LSN", .is_right = true},
                   {.name = "Replay Lag", .head = "Lag", .is_right = true}};
  std::vector<json::value> pending, reasons, scheduled, tags;
  for (const auto& row : rows) {
    table.rows.push_back(cells_of(row, scope, with_port));
    pending.emplace_back(row.member->pending_restart ? "*" : "");
    reasons.emplace_back(restart_reasons(*row.member, is_pretty));
    scheduled.emplace_back(scheduled_restart(*row.member));
    tags.emplace_back(row.member->tags);
  }
  add_optional_column(table, "Pending restart", extended, std::move(pending));
  add_optional_column(table, "Pending restart reason", extended, std::move(reasons));
  add_optional_column(table, "Scheduled restart", extended, std::move(scheduled));
  add_optional_column(table, "Tags", extended, std::move(tags));
  return table;
}

std::vector<std::string> service_lines(const dcs::Cluster& cluster) {
  std::vector<std::string> lines;
  if (is_paused(cluster)) lines.emplace_back(" Maintenance mode: on");
  if (!cluster.failover || !cluster.failover->scheduled_at) return lines;
  lines.push_back(" Switchover scheduled at: " + print_isoformat(*cluster.failover->scheduled_at));
  if (!cluster.failover->leader.empty())
    lines.push_back(fmt::format(" {:>24}: {}", "from", cluster.failover->leader));
  if (!cluster.failover->member.empty())
    lines.push_back(fmt::format(" {:>24}: {}", "to", cluster.failover->member));
  return lines;
}

std::optional<MemberAddress> address_of(const dcs::Member& member) {
  const auto scheme = member.conn_url.find("://");
  if (scheme == std::string::npos) return {};
  std::string text = member.conn_url.substr(scheme + 3);
  text.resize(std::min(text.size(), text.find_first_of("/?")));
  if (const auto user = text.rfind('@'); user != std::string::npos) text.erase(0, user + 1);
  auto address = config::parse_host_port(text);
  if (!address || !*address) address = config::parse_host_port(text + ":5432");
  if (!address || address->host.empty()) return {};
  return MemberAddress{address->host, address->port};
}

}  // namespace holdfast::cli
