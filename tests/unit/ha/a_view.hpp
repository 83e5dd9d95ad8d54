#pragma once

#include <utility>

#include "ha/decision.hpp"

// Views that tests start from, and change one thing of.
namespace holdfast::ha {

inline constexpr BootInstant noon{1'000s};

inline Peer a_standby_peer(Lsn position = Lsn{1000}) {
  return {.heard_at = noon,
          .suspected_at = noon + 400ms,
          .has_data = true,
          .is_running = true,
          .is_streaming = true,
          .timeline = 1,
          .position = position};
}

inline Cluster a_cluster_led_by(const Name& leader) {
  return {.initialize = "7",
          .leader = LeaderKey{leader, 50},
          .members = {{.name = "pg1", .has_data = true, .is_running = true, .timeline = 1},
                      {.name = "pg2", .has_data = true, .is_running = true, .timeline = 1},
                      {.name = "pg3", .has_data = true, .is_running = true, .timeline = 1}},
          .last_leader_position = Lsn{1000},
          .last_timeline = 1,
          .timeline = {.number = 1, .mod_revision = 40}};
}

inline View a_member(const Name& self) {
  View view{.now = noon, .agent_started = noon - 100s, .self = self};
  view.server = {.directory = DirectoryState::ready,
                 .system_id = "7",
                 .state = ServerState::running,
                 .timeline = 1,
                 .position = Lsn{1000}};
  view.leader_history = TimelineHistory{.timeline = 1, .ancestors = {}};
  return view;
}

// pg1 leads, pg2 and pg3 stream from it and are heard.
inline View a_primary_that_leads() {
  View view = a_member("pg1");
  view.server.in_recovery = false;
  view.server.standbys = {{.member = "pg2", .streaming = true, .flushed = Lsn{1000}},
                          {.member = "pg3", .streaming = true, .flushed = Lsn{1000}}};
  view.cluster = a_cluster_led_by("pg1");
  view.tenure = {.held = true, .epoch = {50}, .deadline = noon + 4s, .renewed_at = noon};
  view.peers = {{"pg2", a_standby_peer()}, {"pg3", a_standby_peer()}};
  return view;
}

inline View a_replica(const Name& self) {
  View view = a_member(self);
  view.server.streaming = true;
  view.server.upstream = "pg1";
  view.cluster = a_cluster_led_by("pg1");
  for (const Name& name : {Name{"pg1"}, Name{"pg2"}, Name{"pg3"}}) {
    if (name != self) view.peers.emplace(name, a_standby_peer());
  }
  view.peers["pg1"].is_writable = true;
  view.peers["pg1"].holds_lock = true;
  return view;
}

// pg1 is gone: silent, and its lock is free.
inline View a_replica_without_leader(const Name& self) {
  View view = a_replica(self);
  view.cluster->leader.reset();
  view.peers.erase("pg1");
  view.cluster->members.erase(view.cluster->members.begin());
  view.server.streaming = false;
  return view;
}

inline void make_synchronous(View& view, std::vector<Name> standbys) {
  view.settings.synchronous_mode = SyncMode::on;
  view.cluster->sync = {.exists = true, .mod_revision = 60, .leader = "pg1", .standbys = std::move(standbys)};
}

inline SynchronousNames all_of(std::vector<Name> names) {
  const auto count = names.size();
  return {.names = std::move(names), .count = count, .any = false};
}
inline SynchronousNames any_of(std::size_t count, std::vector<Name> names) {
  return {.names = std::move(names), .count = count, .any = true};
}

template <class A>
const A* find_action(const Decision& decision) {
  for (const auto& action : decision.actions) {
    if (const auto* found = std::get_if<A>(&action)) return found;
  }
  return nullptr;
}

inline std::vector<Action> actions(std::initializer_list<Action> list) {
  return list;
}

}  // namespace holdfast::ha
