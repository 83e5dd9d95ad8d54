#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "cli/members.hpp"
#include "cli/print_cluster.hpp"
#include "cli/schedule.hpp"
#include "cli/selection.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "dcs/transactions.hpp"

// switchover and failover: patronictl's questions in its order.
namespace holdfast::cli {
namespace {

// A switchover waits for the old primary to stop, the new one to start: minutes on a busy server.
constexpr milliseconds switchover_limit = 10min;

struct Plan {
  bool is_failover = false;
  std::string scope, leader, candidate;
  std::optional<WallInstant> at;

  std::string action() const { return is_failover ? "failover" : "switchover"; }
  std::string title() const { return is_failover ? "Failover" : "Switchover"; }
};

Result<void> ask_leader(Context& context, const Switchover& verb, const dcs::Cluster& cluster, Plan& plan) {
  const std::string current = cluster.leader ? cluster.leader->name : "";
  if (!plan.is_failover && current.empty()) return fail(Errc::not_found, "This cluster has no leader");
  plan.leader = verb.leader.value_or(current);
  if (!verb.leader && !plan.is_failover && !verb.force) {
    auto answer = context.terminal.ask(is_standby_cluster(cluster) ? "Standby Leader" : "Primary", current);
    if (!answer) return tl::unexpected(answer.error());
    plan.leader = *answer;
  }
  if (!current.empty() && plan.leader != current) {
    return fail(Errc::not_found,
                fmt::format("Member {} is not the leader of cluster {}", plan.leader, plan.scope));
  }
  return {};
}

Result<void> ask_candidate(Context& context, const Switchover& verb, const dcs::Cluster& cluster,
                           Plan& plan) {
  const auto names = candidates(cluster, plan.leader);
  if (names.empty()) return fail(Errc::not_found, fmt::format("No candidates found to {} to", plan.action()));
  plan.candidate = verb.candidate.value_or("");
  if (!verb.candidate && !verb.force) {
    auto answer = context.terminal.ask("Candidate " + python_list(names), "");
    if (!answer) return tl::unexpected(answer.error());
    plan.candidate = *answer;
  }
  if (plan.is_failover && plan.candidate.empty()) {
    return fail(Errc::refused, "Failover could be performed only to a specific candidate");
  }
  if (!plan.candidate.empty() && plan.candidate == plan.leader) {
    return fail(Errc::refused, plan.title() + " target and source are the same.");
  }
  if (!plan.candidate.empty() && std::ranges::find(names, plan.candidate) == names.end()) {
    return fail(Errc::not_found,
                fmt::format("Member {} does not exist in cluster {} or is tagged as nofailover",
                            plan.candidate, plan.scope));
  }
  return {};
}

Result<void> ask_time(Context& context, const Switchover& verb, const dcs::Cluster& cluster, Plan& plan) {
  if (plan.is_failover) return {};
  std::string when = verb.scheduled.value_or("now");
  if (!verb.scheduled && !verb.force) {
    const auto question =
        fmt::format("When should the switchover take place (e.g. {} ) ", next_hour_example(wall_now()));
    auto answer = context.terminal.ask(question, "now");
    if (!answer) return tl::unexpected(answer.error());
    when = *answer;
  }
  const auto at = parse_scheduled(when);
  if (!at) return tl::unexpected(at.error());
  if (*at && is_paused(cluster)) return fail(Errc::refused, "Can't schedule switchover in the paused state");
  plan.at = *at;
  return {};
}

Result<void> confirm(Context& context, const dcs::Cluster& cluster, const Plan& plan) {
  const auto ask = [&](const std::string& question, const std::string& refusal) -> Result<void> {
    const auto answer = context.terminal.confirm(question);
    if (!answer) return tl::unexpected(answer.error());
    if (!*answer) return fail(Errc::refused, refusal);
    return {};
  };
  const std::string demoting = plan.leader.empty() ? "" : ", demoting current leader " + plan.leader;
  if (plan.at) {
    return ask(fmt::format("Are you sure you want to schedule switchover of cluster {} at {}{}?", plan.scope,
                           print_local_iso(*plan.at), demoting),
               "Aborting scheduled switchover");
  }
  const auto standbys = cluster.sync ? cluster.sync->standbys : std::vector<std::string>{};
  const bool is_asynchronous = std::ranges::find(standbys, plan.candidate) == standbys.end();
  if (plan.is_failover && is_synchronous(cluster) && is_asynchronous) {
    // It may lack commits that clients were told are safe.
    return ask(fmt::format("Are you sure you want to failover to the asynchronous node {}?", plan.candidate),
               "Aborting failover");
  }
  return ask(fmt::format("Are you sure you want to {} cluster {}{}?", plan.action(), plan.scope, demoting),
             "Aborting " + plan.action());
}

std::string body_of(const Plan& plan) {
  boost::json::object body;
  if (!plan.is_failover) body["leader"] = plan.leader;
  body["candidate"] = plan.candidate.empty() ? boost::json::value() : boost::json::value(plan.candidate);
  if (plan.at) body["scheduled_at"] = print_local_iso(*plan.at);
  return dcs::print_json(body);
}

// The leader acts on the key when it sees it: as good as its REST API, only without an answer to wait for.
Result<void> write_failover_key(Session& session, const Plan& plan) {
  const dcs::Failover failover{
      .leader = plan.is_failover ? "" : plan.leader, .member = plan.candidate, .scheduled_at = plan.at};
  const auto written = session.write(dcs::put_failover(
      dcs::Keys{session.config().namespace_, session.scope()}, dcs::print_failover(failover)));
  if (!written) return tl::unexpected(written.error());
  return {};
}

Result<int> act(Context& context, Session& session, const dcs::Cluster& cluster, const Plan& plan) {
  auto& terminal = context.terminal;
  const auto* via = cluster.member(plan.leader.empty() ? plan.candidate : plan.leader);
  if (via == nullptr) via = cluster.member(plan.candidate);
  if (terminal.is_screen() && !plan.at) terminal.say(fmt::format("{} running ...", plan.title()));
  Result<http::Response> answer = fail(Errc::not_found, "no member to ask");
  if (via != nullptr)
    answer = session.ask(*via, "POST", "/" + plan.action(), body_of(plan), switchover_limit);
  if (!answer && answer.error().code == Errc::timed_out) return tl::unexpected(answer.error());
  if (!answer) {
    terminal.complain("Warning: " + to_string(answer.error()));
    terminal.say(fmt::format("{} Could not {} using Patroni api, falling back to DCS",
                             local_time_fine(wall_now()), plan.action()));
    if (const auto written = write_failover_key(session, plan); !written)
      return tl::unexpected(written.error());
  } else if (answer->status != 200 && answer->status != 202) {
    terminal.say(fmt::format("{} failed, details: {}, {}", plan.title(), answer->status, answer->body));
    return context.declined();
  } else {
    terminal.say(fmt::format("{} {}", local_time_fine(wall_now()), answer->body));
  }
  const auto after = session.read();
  if (!after) return tl::unexpected(after.error());
  print_cluster(terminal, *after, session.scope());
  return 0;
}

}  // namespace

Result<int> run_verb(Context& context, const Switchover& verb) {
  auto session = Session::open(context.common, verb.cluster);
  if (!session) return tl::unexpected(session.error());
  const auto cluster = (*session)->read();
  if (!cluster) return tl::unexpected(cluster.error());
  // As in Patroni, a failover away from a named leader is a switchover.
  Plan plan{.is_failover = verb.is_failover && !verb.leader, .scope = (*session)->scope()};
  context.terminal.say("Current cluster topology");
  print_cluster(context.terminal, *cluster, plan.scope);
  for (const auto step : {&ask_leader, &ask_candidate, &ask_time}) {
    if (const auto answered = step(context, verb, *cluster, plan); !answered)
      return tl::unexpected(answered.error());
  }
  if (!verb.force) {
    if (const auto confirmed = confirm(context, *cluster, plan); !confirmed)
      return tl::unexpected(confirmed.error());
  }
  return act(context, **session, *cluster, plan);
}

}  // namespace holdfast::cli
