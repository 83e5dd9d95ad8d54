#include "cli/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/duration.hpp"
#include "cli/text.hpp"

namespace holdfast::cli {
namespace {

bool is_in_progress(const std::string& state) {
  constexpr std::string_view words[] = {"starting",
                                        "restarting",
                                        "stopping",
                                        "creating replica",
                                        "initializing new cluster",
                                        "running custom bootstrap script",
                                        "starting after custom bootstrap"};
  return std::ranges::find(words, state) != std::end(words);
}

bool is_failed(const std::string& state) {
  return state.ends_with("failed") || state == "crashed" || state == "stopped";
}

std::string best_candidate(const ClusterHealth& cluster) {
  const MemberHealth* best = nullptr;
  for (const auto& member : cluster.members) {
    if (member.is_leader() || !member.answers || !member.runs || member.nofailover) continue;
    const bool is_better = best == nullptr || member.timeline > best->timeline ||
                           (member.timeline == best->timeline &&
                            member.lag_bytes.value_or(INT64_MAX) < best->lag_bytes.value_or(INT64_MAX));
    if (is_better) best = &member;
  }
  return best != nullptr ? best->name : "";
}

void find_store(const ClusterHealth& cluster, Findings& out) {
  if (!cluster.store.answers) {
    out.push_back(
        {Severity::no_primary, "etcd doesn't answer: " + cluster.store.silence,
         "on the etcd hosts: systemctl status holdfast-etcd (or etcd); then: etcdctl endpoint health"});
    return;
  }
  std::vector<std::string> dead;
  for (std::size_t i = 0; i < cluster.store.alive.size(); ++i) {
    if (!cluster.store.alive[i]) dead.push_back(cluster.store.endpoints[i]);
  }
  if (dead.empty()) return;
  const auto spare = (cluster.store.alive.size() - 1) / 2;
  const bool no_spare = dead.size() >= spare;
  out.push_back({Severity::degraded,
                 fmt::format("{} of {} etcd members down ({}){}", dead.size(), cluster.store.alive.size(),
                             join(dead, ", "), no_spare ? ": the next loss takes the majority" : ""),
                 "there: systemctl restart holdfast-etcd"});
}

Finding without_leader(const ClusterHealth& cluster) {
  if (!cluster.is_initialized) {
    return {Severity::no_primary, "the cluster was never bootstrapped",
            "start the agents: holdfast run -c FILE"};
  }
  if (cluster.system_id.empty()) {
    return {Severity::no_primary, "the cluster is being bootstrapped",
            "wait; if it stays so, look at the log of the agent that began: journalctl -u holdfast"};
  }
  if (cluster.is_paused) {
    return {Severity::no_primary,
            "nobody holds the leader lock, and the cluster is paused: no one will take it",
            "holdfast resume " + cluster.scope};
  }
  const std::string candidate = best_candidate(cluster);
  if (candidate.empty()) {
    return {Severity::no_primary, "nobody holds the leader lock, and no running replica could take it",
            "start the agents and look at their logs: journalctl -u holdfast"};
  }
  return {Severity::no_primary, "nobody holds the leader lock: an election should be under way",
          fmt::format("if it stays so: holdfast failover {} --candidate {}", cluster.scope, candidate)};
}

void find_primary(const ClusterHealth& cluster, Findings& out) {
  if (!cluster.store.answers) return;  // said already: nothing is known
  if (cluster.leader.empty()) return out.push_back(without_leader(cluster));
  const auto* leader = cluster.member(cluster.leader);
  if (leader == nullptr) {
    out.push_back({Severity::no_primary,
                   fmt::format("{} holds the leader lock but is gone from the member list", cluster.leader),
                   "its lock ends by itself within leader_ttl; then look again: holdfast status"});
  } else if (!leader->answers) {
    out.push_back(
        {Severity::degraded,
         fmt::format("the primary's agent {} doesn't answer its REST API ({})", leader->name,
                     leader->silence),
         fmt::format("on {}: systemctl status holdfast-agent; journalctl -u holdfast-agent", leader->host)});
  } else if (!leader->runs) {
    out.push_back({Severity::no_primary,
                   fmt::format("{} holds the leader lock but its PostgreSQL does not run ({})", leader->name,
                               leader->state),
                   best_candidate(cluster).empty()
                       ? fmt::format("on {}: read PostgreSQL's log", leader->host)
                       : fmt::format("if it stays so: holdfast failover {} --candidate {}", cluster.scope,
                                     best_candidate(cluster))});
  } else if (leader->failsafe) {
    out.push_back({Severity::degraded, "the primary runs in failsafe mode: it can't renew its lock in etcd",
                   fmt::format("on {}: etcdctl endpoint health", leader->host)});
  }
}

void find_member(const ClusterHealth& cluster, const MemberHealth& member, Findings& out) {
  if (member.pending_restart) {
    out.push_back({Severity::note, member.name + " needs a restart for changed settings",
                   fmt::format("holdfast restart {} {} --pending", cluster.scope, member.name)});
  }
  if (member.is_leader()) return;
  if (member.claims_primary) {
    out.push_back(
        {Severity::degraded, fmt::format("{} runs as primary without the leader lock", member.name),
         fmt::format(
             "it should demote itself at once; if it does not, stop it on {}: systemctl stop holdfast-agent",
             member.host)});
  }
  if (!member.answers) {
    return out.push_back({Severity::degraded,
                          fmt::format("the agent of {} doesn't answer ({})", member.name, member.silence),
                          fmt::format("on {}: systemctl status holdfast-agent", member.host)});
  }
  if (is_failed(member.state) || (!member.runs && !is_in_progress(member.state))) {
    return out.push_back(
        {Severity::degraded, fmt::format("{} does not run PostgreSQL: {}", member.name, member.state),
         fmt::format("read its log; copy it anew with: holdfast reinit {} {}", cluster.scope, member.name)});
  }
  if (is_in_progress(member.state)) {
    return out.push_back(
        {Severity::degraded, fmt::format("{}: {}", member.name, member.state), "wait: holdfast status -W"});
  }
  const auto* leader = cluster.member(cluster.leader);
  const bool is_behind = leader != nullptr && leader->timeline != 0 && member.timeline != 0 &&
                         member.timeline != leader->timeline;
  if (is_behind || (member.state != "streaming" && leader != nullptr)) {
    return out.push_back(
        {Severity::degraded,
         fmt::format("{} does not stream from the primary ({}, timeline {})", member.name, member.state,
                     member.timeline),
         fmt::format("wait a moment; if it stays so: holdfast reinit {} {}", cluster.scope, member.name)});
  }
  if (member.lag_bytes.value_or(0) > cluster.maximum_lag) {
    out.push_back({Severity::degraded,
                   fmt::format("{} is {} behind: too far to be promoted (maximum_lag_on_failover {})",
                               member.name, print_size(*member.lag_bytes), print_size(cluster.maximum_lag)),
                   fmt::format("look for load or a long query there: holdfast query {} -m {} -c "
                               "'select * from pg_stat_activity'",
                               cluster.scope, member.name)});
  }
}

void find_missing(const ClusterHealth& cluster, Findings& out) {
  if (!cluster.store.answers) return;
  for (const auto& name : cluster.expected) {
    if (cluster.member(name) != nullptr) continue;
    out.push_back(
        {Severity::degraded,
         fmt::format("{} is configured but not there: its agent is down or cut off from etcd", name),
         fmt::format("on {}: systemctl start holdfast-agent; journalctl -u holdfast-agent", name)});
  }
}

void find_synchronous(const ClusterHealth& cluster, Findings& out) {
  if (cluster.synchronous_mode == "off" || cluster.leader.empty()) return;
  const auto wanted = static_cast<std::size_t>(cluster.synchronous_node_count);
  if (cluster.sync_standbys.size() >= wanted) return;
  std::string problem = fmt::format("{} of {} synchronous standbys", cluster.sync_standbys.size(), wanted);
  if (cluster.sync_standbys.empty()) {
    problem = cluster.is_strict ? "no synchronous standby: commits wait (synchronous_mode_strict)"
                                : "no synchronous standby: a commit is on the primary alone";
  }
  out.push_back(
      {Severity::degraded, problem, "bring a replica back to streaming: holdfast list " + cluster.scope});
}

void find_proxy(const ClusterHealth& cluster, const ProxyHealth& proxy, Findings& out) {
  if (!proxy.answers) {
    return out.push_back(
        {Severity::degraded,
         fmt::format("proxy {} doesn't answer at {} ({})", proxy.name, proxy.url, proxy.silence),
         "there: systemctl status holdfast-proxy"});
  }
  const bool writes_flow = proxy.gate == "open" || proxy.gate == "draining";
  if (!cluster.leader.empty() && !writes_flow) {
    out.push_back(
        {Severity::degraded,
         fmt::format("proxy {} holds writes: {}", proxy.name, proxy.why.empty() ? proxy.gate : proxy.why),
         "see whether it reaches the primary's REST API: " + proxy.url});
  } else if (!cluster.leader.empty() && !proxy.primary.empty() && proxy.primary != cluster.leader) {
    out.push_back(
        {Severity::degraded,
         fmt::format("proxy {} routes writes to {}, but {} leads", proxy.name, proxy.primary, cluster.leader),
         "see whether it reaches etcd: " + proxy.url});
  }
  std::int64_t waiting = 0;
  for (const auto& listener : proxy.listeners) waiting += listener.waiting;
  if (waiting > 0) {
    out.push_back({Severity::note, fmt::format("{} clients wait at proxy {}", waiting, proxy.name),
                   "holdfast status -W"});
  }
}

void find_order(const ClusterHealth& cluster, Findings& out) {
  if (cluster.is_paused) {
    out.push_back({Severity::note, "maintenance mode: nothing is failed over automatically",
                   "holdfast resume " + cluster.scope});
  }
  if (!cluster.scheduled.empty()) {
    out.push_back({Severity::note, "a switchover is scheduled at " + cluster.scheduled,
                   fmt::format("to call it off: holdfast flush {} switchover", cluster.scope)});
  }
  for (const auto& problem : cluster.malformed) {
    out.push_back({Severity::degraded, "etcd holds a value that can't be read: " + problem,
                   "mend or delete that key with etcdctl"});
  }
}

}  // namespace

const MemberHealth* ClusterHealth::member(const std::string& name) const {
  const auto found = std::ranges::find(members, name, &MemberHealth::name);
  return found != members.end() ? &*found : nullptr;
}

std::vector<Finding> findings_of(const ClusterHealth& cluster) {
  Findings found;
  find_store(cluster, found);
  find_primary(cluster, found);
  for (const auto& member : cluster.members) find_member(cluster, member, found);
  find_missing(cluster, found);
  find_synchronous(cluster, found);
  for (const auto& proxy : cluster.proxies) find_proxy(cluster, proxy, found);
  std::ranges::move(findings_of(cluster.vip), std::back_inserter(found));
  find_order(cluster, found);
  return by_urgency(found);
}

}  // namespace holdfast::cli
