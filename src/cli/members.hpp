#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/table.hpp"
#include "dcs/cluster.hpp"

// A cluster's members as people see them: Patroni's words and columns. Pure.
namespace holdfast::cli {

struct MemberRow {
  std::string name;  // in a topology: indented under whom it follows
  std::string host;  // empty: not announced
  int port = 0;
  std::string role;   // "leader", "standby_leader", "sync_standby", "quorum_standby", "replica"
  std::string state;  // "running", "streaming", …
  Timeline timeline = 0;
  std::optional<Lsn> receive, replay;                   // of a replica, when it tells
  std::optional<std::int64_t> receive_lag, replay_lag;  // bytes behind the leader's last written position
  std::string follows;                                  // tag replicatefrom
  const dcs::Member* member = nullptr;

  bool is_leader() const { return role.ends_with("leader"); }
};

// In order of name. Points into `cluster`.
std::vector<MemberRow> member_rows(const dcs::Cluster& cluster);
// The leader, under it who follows it, under those who follow them; names indented.
std::vector<MemberRow> in_topology(const std::vector<MemberRow>& rows);

std::string role_title(std::string_view role);  // "sync_standby" -> "Sync Standby"
bool is_paused(const dcs::Cluster& cluster);
bool is_standby_cluster(const dcs::Cluster& cluster);
bool is_synchronous(const dcs::Cluster& cluster);

// What `list` and `topology` print: the table, and what stands under it.
Table members_table(const dcs::Cluster& cluster, const std::string& scope, bool extended, Format format);
std::vector<std::string> service_lines(const dcs::Cluster& cluster);

struct MemberAddress {
  std::string host;
  int port = 5432;
};
std::optional<MemberAddress> address_of(const dcs::Member& member);  // from conn_url

}  // namespace holdfast::cli
