#include "agent/operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "dcs/etcd/settle.hpp"
#include "dcs/transactions.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds outcome_limit = 30s;  // how long POST /switchover waits for its outcome
constexpr milliseconds outcome_interval = 20ms;
constexpr milliseconds restart_limit = std::chrono::minutes{10};

rest::Answer answer(int status, std::string text) {
  return {.status = status, .text = std::move(text), .headers = {}};
}

int version_number(std::string_view text) {
  int major = 0;
  int minor = 0;
  const auto dot = text.find('.');
  std::from_chars(text.data(), text.data() + std::min(dot, text.size()), major);
  if (dot != std::string_view::npos) std::from_chars(text.data() + dot + 1, text.data() + text.size(), minor);
  return major * 10000 + minor;
}

}  // namespace

AgentOperations::AgentOperations(const asio::any_io_executor& executor, dcs::Store* store, dcs::Keys keys,
                                 std::string self, Jobs* jobs, Observer* observer, Peers* peers,
                                 Sources sources)
    : store_{store},
      keys_{std::move(keys)},
      self_{std::move(self)},
      jobs_{jobs},
      observer_{observer},
      peers_{peers},
      sources_{std::move(sources)},
      tasks_{executor} {}

awaitable<rest::Answer> AgentOperations::patch_config(boost::json::object changes) {
  const auto cluster = sources_.cluster();
  if (!cluster || !cluster->config) co_return answer(503, "no configuration in the DCS");
  auto patched = config::patch_dynamic(cluster->config->text, boost::json::serialize(changes));
  if (!patched) co_return answer(400, patched.error().context);
  if (*patched == cluster->config->text) co_return answer(200, *patched);
  auto txn = dcs::put_config(keys_, *patched, cluster->config->mod_revision);
  auto written = co_await dcs::settle(store_, std::move(txn));
  if (!written) co_return answer(503, "the DCS did not take it: " + to_string(written.error()));
  if (!written->succeeded)
    co_return answer(409, "somebody else changed the configuration at the same time, try again");
  co_return answer(200, *patched);
}

awaitable<rest::Answer> AgentOperations::put_config(boost::json::object config) {
  auto text = config::replace_dynamic(boost::json::serialize(config));
  if (!text) co_return answer(400, text.error().context);
  auto txn = dcs::put_config(keys_, *text);
  auto written = co_await dcs::settle(store_, std::move(txn));
  if (!written) co_return answer(502, "the DCS did not take it: " + to_string(written.error()));
  co_return answer(200, *text);
}

awaitable<rest::Answer> AgentOperations::switchover(rest::SwitchoverOrder order) {
  const dcs::Failover key{
      .leader = order.leader, .member = order.candidate, .scheduled_at = order.scheduled_at};
  auto txn = dcs::put_failover(keys_, dcs::print_failover(key));
  auto written = co_await dcs::settle(store_, std::move(txn));
  if (!written || !written->succeeded) co_return answer(503, "failed to write failover key into DCS");
  log::info("ordered over REST", {{"leader", order.leader}, {"candidate", order.candidate}});
  if (order.scheduled_at) co_return answer(202, rest::switchover_scheduled_text(order));
  co_return co_await follow_outcome(std::move(order), written->revision);
}

awaitable<rest::Answer> AgentOperations::follow_outcome(rest::SwitchoverOrder order, dcs::Revision written) {
  const auto limit = BootClock::now() + outcome_limit;
  const auto before = sources_.cluster();
  const std::string old_leader = before && before->leader ? before->leader->name : order.leader;
  while (BootClock::now() < limit) {
    co_await async::sleep_for(outcome_interval);
    const auto cluster = sources_.cluster();
    if (!cluster || cluster->revision < written) continue;
    const std::string leader = cluster->leader ? cluster->leader->name : std::string{};
    if (!leader.empty() && leader != old_leader) {
      const auto* member = cluster->member(leader);
      if (member != nullptr && member->role == "primary" && member->state == "running") {
        co_return answer(200, rest::switchover_done_text(order, leader));
      }
      continue;
    }
    const bool is_pending = cluster->failover && !cluster->failover->is_empty();
    if (leader == old_leader && !is_pending) co_return answer(503, rest::switchover_failed_text(order));
  }
  co_return answer(503, rest::switchover_unknown_text(order));
}

awaitable<rest::Answer> AgentOperations::delete_switchover() {
  const auto cluster = sources_.cluster();
  if (!cluster || !cluster->failover || !cluster->failover->scheduled_at)
    co_return answer(404, "no switchover is scheduled");
  auto txn = dcs::clear_failover(keys_, cluster->failover->mod_revision);
  auto written = co_await dcs::settle(store_, std::move(txn));
  if (!written || !written->succeeded) co_return answer(409, "the failover key changed meanwhile");
  co_return answer(200, "scheduled switchover deleted");
}

bool AgentOperations::restart_applies(const rest::RestartOrder& order) const {
  const auto& status = observer_->status();
  if (!status) return order.role.empty() && order.postgres_version.empty() && !order.restart_pending;
  const std::string role = status->in_recovery ? "replica" : "primary";
  if (!order.role.empty() && order.role != role && !(order.role == "master" && role == "primary"))
    return false;
  if (order.restart_pending && status->pending_restart.empty()) return false;
  return order.postgres_version.empty() || status->server_version < version_number(order.postgres_version);
}

awaitable<rest::Answer> AgentOperations::restart(rest::RestartOrder order) {
  if (!order.schedule) co_return co_await restart_now(std::move(order));
  if (scheduled_) co_return answer(409, "Another restart is already scheduled");
  scheduled_ = rest::ScheduledRestart{.at = *order.schedule, .filters = order.filters};
  const auto when = *order.schedule;
  ++schedule_number_;
  tasks_.spawn("scheduled restart", restart_at(when, std::move(order)));
  co_return answer(202, "Restart scheduled");
}

awaitable<void> AgentOperations::restart_at(WallInstant when, rest::RestartOrder order) {
  const auto number = schedule_number_;
  while (wall_now() < when) co_await async::sleep_for(std::min<milliseconds>(when - wall_now(), 1s));
  if (number != schedule_number_ || !scheduled_) co_return;
  scheduled_.reset();
  auto outcome = co_await restart_now(std::move(order));
  log::info("scheduled restart", {{"outcome", outcome.text}});
}

awaitable<rest::Answer> AgentOperations::restart_now(rest::RestartOrder order) {
  if (!restart_applies(order)) co_return answer(503, "restart conditions are not satisfied");
  auto restarting = jobs_->restart();
  auto restarted = co_await async::with_timeout(order.timeout.value_or(restart_limit), std::move(restarting));
  if (restarted) co_return answer(200, "restarted successfully");
  co_return answer(503, "restart failed: " + to_string(restarted.error()));
}

awaitable<rest::Answer> AgentOperations::delete_restart() {
  if (!scheduled_) co_return answer(404, "no restarts are scheduled");
  scheduled_.reset();
  ++schedule_number_;
  co_return answer(200, "scheduled restart deleted");
}

awaitable<rest::Answer> AgentOperations::reload() {
  sources_.reload();
  co_return answer(202, "reload scheduled");
}

awaitable<rest::Answer> AgentOperations::reinitialize(rest::ReinitializeOrder order) {
  const auto cluster = sources_.cluster();
  if (!cluster) co_return answer(503, "the DCS is not accessible");
  if (sources_.is_leader()) co_return answer(503, "I am the leader, can not reinitialize");
  if (!cluster->leader) co_return answer(503, "Cluster has no leader, can not reinitialize");
  if (jobs_->current() != ha::Job::none && !order.force)
    co_return answer(503, "another job is running: use force");
  tasks_.spawn("reinitialize", rebuild());
  co_return answer(200, "reinitialize started");
}

awaitable<void> AgentOperations::rebuild() {
  auto rebuilt = co_await jobs_->rebuild();
  if (!rebuilt) log::error("reinitialize failed", {{"error", rebuilt.error()}});
}

awaitable<rest::Answer> AgentOperations::failsafe(rest::FailsafeAnnouncement) {
  if (sources_.is_leader()) co_return answer(500, "Running as a leader");
  co_return answer(200, "Accepted");
}

awaitable<std::vector<std::string>> AgentOperations::good_candidates(std::vector<std::string> members) {
  const auto now = BootClock::now();
  const auto& status = observer_->status();
  const auto dynamic = sources_.dynamic();
  std::vector<std::string> good;
  for (const auto& [name, peer] : peers_->all()) {
    if (std::find(members.begin(), members.end(), name) == members.end()) continue;
    if (!peer.is_heard(now) || !peer.is_running || peer.is_writable || !peer.tags.may_lead()) continue;
    const bool lags = status && !status->in_recovery &&
                      bytes_between(peer.position, status->flush) > dynamic.maximum_lag_on_failover.value;
    if (!lags) good.push_back(name);
  }
  // The order may be given to the candidate itself.
  const bool is_candidate = std::find(members.begin(), members.end(), self_) != members.end();
  if (is_candidate && status && status->in_recovery) good.push_back(self_);
  co_return good;
}

awaitable<void> AgentOperations::stop() {
  co_await tasks_.stop();
}

}  // namespace holdfast::agent
