#include <fmt/format.h>

#include "agent/loop.hpp"
#include "agent/notify.hpp"
#include "agent/settings.hpp"
#include "base/log.hpp"
#include "config/reload.hpp"
#include "dcs/etcd/settle.hpp"
#include "postgres/rewind.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds records_interval = 1s;
constexpr milliseconds etcd_leader_interval = 5s;
constexpr milliseconds allowlist_interval = 30s;
constexpr milliseconds name_limit = 5s;

}  // namespace

awaitable<void> Agent::keep_records() {
  for (;;) {
    const auto server = observer_.server(member_names());
    const auto shown = portrait(server);
    const bool leads =
        lock_.tenure().is_valid(shown.now) && server.state == ha::ServerState::running && !server.in_recovery;
    Records::Moment moment{
        .member = member_record(shown), .cluster = shown.cluster, .dynamic = dynamic_, .leads = leads};
    co_await records_.keep(std::move(moment));
    co_await records_wake_.wait_until(BootClock::now() + records_interval);
  }
}

awaitable<void> Agent::learn_leader_history() {
  for (;;) {
    co_await async::sleep_for(200ms);
    const auto known = cluster();
    if (!known || !known->leader || known->leader->name == config_.name) {
      leader_history_.reset();
      continue;
    }
    const auto& leader = known->leader->name;
    const auto peers = peers_.all();
    const auto peer = peers.find(leader);
    const bool is_up = peer == peers.end() || (peer->second.is_running && peer->second.is_writable);
    const Timeline timeline = peer == peers.end() ? 0 : peer->second.timeline;
    if (!is_up || (leader_history_ && timeline == leader_history_->timeline)) continue;
    const auto source = upstream(leader);
    if (!source) continue;
    auto state = co_await postgres::ask_source(control_.options(), *source);
    if (!state) {
      const auto problem = to_string(state.error());
      if (problem != history_problem_)
        log::warn("the leader's timeline history can't be read", {{"leader", leader}, {"error", problem}});
      history_problem_ = problem;
      continue;
    }
    history_problem_.clear();
    leader_history_ = state->history;
    leader_history_->timeline = state->timeline;
    wake_.notify();
  }
}

// One dead host must not cost an etcd election beside the failover.
awaitable<void> Agent::keep_etcd_leader_off() {
  for (;;) {
    co_await async::sleep_for(etcd_leader_interval);
    if (!config_.has(config::Role::etcd) || !lock_.tenure().held || !observer_.accepts_connections())
      continue;
    if (observer_.status()->in_recovery) continue;
    auto moved = co_await dcs::keep_leader_off(&store_, config_.etcd_server.name);
    if (moved && *moved) log::info("moved etcd's leader off the primary's host");
    if (!moved) log::debug("etcd's leader was not moved", {{"error", moved.error()}});
  }
}

awaitable<void> Agent::feed_metrics() {
  for (;;) {
    const auto now = BootClock::now();
    const auto& tenure = lock_.tenure();
    const auto left = tenure.is_valid(now) ? tenure.deadline - now : nanoseconds{0};
    metrics_.lease_remaining.set(std::chrono::duration<double>(left).count());
    metrics_.epoch.set(static_cast<double>(tenure.epoch.value));
    metrics_.heartbeat_subscribers.set(static_cast<double>(publisher_.subscribers()));
    std::size_t heard = 0;
    for (const auto& [name, peer] : peers_.all()) heard += peer.is_heard(now) ? 1 : 0;
    metrics_.heartbeat_peers.set(static_cast<double>(heard));
    metrics_.heartbeats_sent.add(static_cast<double>(publisher_.sent()) - metrics_.heartbeats_sent.value());
    metrics_.heartbeats_received.add(static_cast<double>(peers_.received()) -
                                     metrics_.heartbeats_received.value());
    metrics_.heartbeat_losses.add(static_cast<double>(peers_.lost()) - metrics_.heartbeat_losses.value());
    metrics_.rest_requests.add(static_cast<double>(rest_.requests()) - metrics_.rest_requests.value());
    metrics_.rest_refusals.add(static_cast<double>(rest_.refusals()) - metrics_.rest_refusals.value());
    co_await async::sleep_for(1s);
  }
}

// Names are looked up again now and then, and after a reload.
awaitable<void> Agent::keep_allowlist() {
  for (;;) {
    auto hosts = cached_ ? named_hosts(*cached_) : std::vector<std::string>{};
    auto policy = access_policy(config_.restapi);
    const bool has_names = !policy.host_names.empty() || (policy.allowlist_include_members && !hosts.empty());
    if (has_names) {
      policy = co_await resolve_hosts(&resolver_, std::move(policy), std::move(hosts), name_limit);
      rest_.set_options({.access = std::move(policy), .extra_headers = extra_headers(config_.restapi)});
    }
    const BootInstant next = BootClock::now() + allowlist_interval;
    co_await allowlist_wake_.wait_until(next);
  }
}

awaitable<void> Agent::apply_dynamic() {
  // In a directory of another cluster nothing is ours to write.
  const auto system_id = observer_.server({}).system_id;
  const bool is_known = cached_ && cached_->initialize && !cached_->initialize->is_in_progress();
  if (is_known && !system_id.empty() && system_id != cached_->initialize->system_id) co_return;
  config::Problems problems;
  const auto effective = config::effective_postgresql(config_, dynamic_, &problems);
  for (const auto& problem : problems)
    log::warn("a PostgreSQL setting", {{"problem", config::print_problem(problem)}});
  auto options = postgres_options(config_, dynamic_, effective);
  auto applied = co_await control_.reload(std::move(options));
  if (!applied) log::warn("PostgreSQL's configuration was not applied", {{"error", applied.error()}});
  if (applied && applied->changed) {
    log::info("PostgreSQL's configuration reloaded", {{"restart_needed", applied->restart_needed}});
    callbacks_.call("on_reload",
                    observer_.status() && !observer_.status()->in_recovery ? "primary" : "replica");
  }
  wake_.notify();
}

awaitable<void> Agent::reload() {
  notify_systemd(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()));
  auto loaded = config::load(request_);
  if (!loaded) {
    log::error("the new configuration is not used", {{"problems", loaded.error().context}});
  } else {
    const auto diff = config::diff(config_, loaded->config);
    for (const auto& path : diff.applied) log::info("configuration reloaded", {{"key", path}});
    for (const auto& path : diff.needs_restart)
      log::warn("configuration changed, needs a restart of the agent", {{"key", path}});
    // What needs a restart keeps its value until then.
    auto fresh = std::move(loaded->config);
    config_.tags = fresh.tags;
    config_.log = fresh.log;
    config_.bootstrap = fresh.bootstrap;
    config_.postgresql.parameters = fresh.postgresql.parameters;
    config_.postgresql.pg_hba = fresh.postgresql.pg_hba;
    config_.postgresql.pg_ident = fresh.postgresql.pg_ident;
    config_.postgresql.authentication = fresh.postgresql.authentication;
    config_.postgresql.callbacks = fresh.postgresql.callbacks;
    config_.postgresql.use_pg_rewind = fresh.postgresql.use_pg_rewind;
    config_.restapi.authentication = fresh.restapi.authentication;
    config_.restapi.allowlist = fresh.restapi.allowlist;
    config_.restapi.allowlist_include_members = fresh.restapi.allowlist_include_members;
    config_.restapi.http_extra_headers = fresh.restapi.http_extra_headers;
    config_.restapi.https_extra_headers = fresh.restapi.https_extra_headers;
    log::set_level(config_.log.level);
    callbacks_.set(config_.postgresql.callbacks);
    rest_.set_options(
        {.access = access_policy(config_.restapi), .extra_headers = extra_headers(config_.restapi)});
    allowlist_wake_.notify();
    settings_ = ha_settings(dynamic_, config::effective_postgresql(config_, dynamic_));
    co_await apply_dynamic();
  }
  if (auto certificates = server_->reload_certificates(); !certificates) {
    log::error("the REST API keeps its old certificate", {{"error", certificates.error()}});
  }
  notify_systemd("READY=1");
}

}  // namespace holdfast::agent
