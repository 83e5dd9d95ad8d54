#include "agent/portrait.hpp"

#include <fmt/format.h>

#include "agent/settings.hpp"
#include "base/version.hpp"

namespace holdfast::agent {
namespace {

constexpr int rules_version = 1;

std::string print_host(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string conn_url(const config::Config& config) {
  const auto& address = config.postgresql.connect_address;
  return fmt::format("postgres://{}:{}/{}", print_host(address.host), address.port,
                     config.postgresql.database);
}

heartbeat::Tags heartbeat_tags(const config::TagsConfig& tags) {
  return {.noloadbalance = tags.noloadbalance,
          .nofailover = tags.nofailover,
          .nosync = tags.nosync,
          .clonefrom = tags.clonefrom,
          .failover_priority = tags.failover_priority,
          .sync_priority = tags.sync_priority,
          .replicatefrom = tags.replicatefrom};
}

std::string replication_state(const Portrait& portrait) {
  if (!portrait.server.is_standby()) return {};
  if (portrait.server.streaming) return "streaming";
  const auto& status = portrait.observer.status();
  return status && !status->restore_command.empty() ? "in archive recovery" : "";
}

bool is_sync_standby(const Portrait& portrait) {
  if (!portrait.cluster || !portrait.cluster->sync) return false;
  const auto& names = portrait.cluster->sync->standbys;
  return std::find(names.begin(), names.end(), portrait.config.name) != names.end();
}

rest::SynchronousMode rest_mode(config::SynchronousMode mode) {
  switch (mode) {
    case config::SynchronousMode::off:
      return rest::SynchronousMode::off;
    case config::SynchronousMode::on:
      return rest::SynchronousMode::on;
    case config::SynchronousMode::quorum:
      return rest::SynchronousMode::quorum;
  }
  return rest::SynchronousMode::off;
}

std::optional<milliseconds> replay_lag(const postgres::Status& status) {
  if (!status.in_recovery || !status.last_replay) return std::nullopt;
  if (status.replay >= status.receive) return milliseconds{0};
  return std::max(milliseconds{0}, wall_now() - *status.last_replay);
}

}  // namespace

std::string role_word(const Portrait& portrait) {
  const auto& server = portrait.server;
  if (server.is_writable()) return "primary";
  const bool has_data = server.directory == ha::DirectoryState::ready;
  return has_data ? "replica" : "uninitialized";
}

std::string state_word(const Portrait& portrait) {
  switch (portrait.job) {
    case ha::Job::bootstrap:
      return "initializing new cluster";
    case ha::Job::clone:
      return "creating replica";
    case ha::Job::stop:
      return "stopping";
    case ha::Job::start:
      return "starting";
    default:
      break;
  }
  switch (portrait.server.state) {
    case ha::ServerState::running:
      return "running";
    case ha::ServerState::starting:
      return "starting";
    case ha::ServerState::crashed:
      return "crashed";
    case ha::ServerState::stopped:
      return "stopped";
  }
  return "stopped";
}

boost::json::object tags_object(const config::TagsConfig& tags) {
  boost::json::object object;
  const auto flag = [&](const char* name, bool set) {
    if (set) object[name] = true;
  };
  flag("nofailover", tags.nofailover);
  flag("noloadbalance", tags.noloadbalance);
  flag("clonefrom", tags.clonefrom);
  flag("nosync", tags.nosync);
  flag("nostream", tags.nostream);
  if (!tags.replicatefrom.empty()) object["replicatefrom"] = tags.replicatefrom;
  if (tags.failover_priority != 1) object["failover_priority"] = tags.failover_priority;
  if (tags.sync_priority != 1) object["sync_priority"] = tags.sync_priority;
  for (const auto& [name, value] : tags.custom) object[name] = value;
  return object;
}

dcs::Member member_record(const Portrait& portrait) {
  dcs::Member member{.name = portrait.config.name,
                     .conn_url = conn_url(portrait.config),
                     .api_url = api_base_url(portrait.config.restapi) + "/patroni",
                     .state = state_word(portrait),
                     .role = role_word(portrait),
                     .version = patroni_version,
                     .tags = tags_object(portrait.config.tags),
                     .timeline = portrait.server.timeline,
                     .pause = portrait.dynamic.pause};
  if (portrait.config.postgresql.proxy_address) {
    const auto& address = portrait.config.postgresql.proxy_address;
    member.proxy_url = fmt::format("postgres://{}:{}/{}", print_host(address.host), address.port,
                                   portrait.config.postgresql.database);
  }
  if (portrait.awaits_checkpoint) member.checkpoint_after_promote = false;
  if (const auto& status = portrait.observer.status()) {
    member.xlog_location = status->in_recovery ? status->position() : status->flush;
    if (status->in_recovery) {
      member.receive_lsn = status->receive;
      member.replay_lsn = status->replay;
    }
    member.replication_state = replication_state(portrait);
    for (const auto& setting : status->pending_restart) {
      member.pending_restart = true;
      boost::json::object values{{"old_value", setting.running}, {"new_value", setting.configured}};
      member.pending_restart_reason[setting.name] = std::move(values);
    }
  }
  const bool leads = portrait.tenure.held;
  member.holdfast =
      dcs::HoldfastRecord{.epoch = leads ? portrait.tenure.epoch : Epoch{},
                          .rules = rules_version,
                          .heartbeat_url = api_base_url(portrait.config.restapi) + "/heartbeat"};
  return member;
}

heartbeat::Heartbeat heartbeat_of(const Portrait& portrait) {
  const auto& server = portrait.server;
  heartbeat::Heartbeat beat{
      .member = portrait.config.name,
      .scope = portrait.config.scope,
      .system_id = server.system_id,
      .version = version,
      .role = heartbeat::role_of(role_word(portrait)),
      .state = state_word(portrait),
      .running = server.state == ha::ServerState::running && portrait.job != ha::Job::stop &&
                 portrait.job != ha::Job::kill && server.responsive,
      .why = server.directory_problem,
      .host = portrait.config.postgresql.connect_address.host,
      .port = static_cast<std::uint16_t>(portrait.config.postgresql.connect_address.port),
      .draining = portrait.is_handing_over,
      .sync_standby = is_sync_standby(portrait),
      .pause = portrait.dynamic.pause,
      .timeline = server.timeline,
      .replication_state = replication_state(portrait),
      .tags = heartbeat_tags(portrait.config.tags)};
  if (portrait.tenure.is_valid(portrait.now)) {
    beat.epoch = portrait.tenure.epoch;
    beat.lease_remaining = std::chrono::floor<milliseconds>(portrait.tenure.deadline - portrait.now);
  }
  if (portrait.cluster && portrait.cluster->leader) beat.leader_hint = portrait.cluster->leader->name;
  if (const auto& status = portrait.observer.status()) {
    beat.write_lsn = status->flush;
    beat.receive_lsn = status->receive;
    beat.replay_lsn = status->replay;
    beat.replay_lag = replay_lag(*status);
    beat.settled_at = portrait.observer.settled_at();
  }
  return beat;
}

rest::RestView rest_view(const Portrait& portrait) {
  rest::RestView view{
      .now = wall_now(),
      .name = portrait.config.name,
      .scope = portrait.config.scope,
      .role = role_word(portrait),
      .state = state_word(portrait),
      .server = portrait.observer.status(),
      .replication_state = replication_state(portrait),
      .system_id = portrait.server.system_id,
      .tags = tags_object(portrait.config.tags),
      .noloadbalance = portrait.config.tags.noloadbalance,
      .holds_leader_lock = portrait.tenure.is_valid(portrait.now) && portrait.server.is_writable(),
      .failsafe_enabled = portrait.dynamic.failsafe_mode,
      .cluster = portrait.cluster,
      .pause = portrait.dynamic.pause,
      .synchronous_mode = rest_mode(portrait.dynamic.synchronous_mode),
      .maximum_lag_on_failover = portrait.dynamic.maximum_lag_on_failover.value,
      .ttl = portrait.dynamic.ttl};
  if (portrait.tenure.is_valid(portrait.now)) {
    view.epoch = portrait.tenure.epoch;
    view.lease_remaining = std::chrono::floor<milliseconds>(portrait.tenure.deadline - portrait.now);
  }
  if (view.server) {
    for (const auto& setting : view.server->pending_restart) view.pending_restart[setting.name] = setting;
    if (view.server->receiver) view.latest_end = view.server->receiver->flushed;
  }
  return view;
}

}  // namespace holdfast::agent
