#include "agent/peers.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace holdfast::agent {
namespace {

ha::Tags tags_of(const heartbeat::Tags& tags) {
  return {.nofailover = tags.nofailover,
          .nosync = tags.nosync,
          .failover_priority = tags.failover_priority,
          .sync_priority = tags.sync_priority,
          .replicatefrom = tags.replicatefrom};
}

ha::Peer peer_of(const heartbeat::Heartbeat& beat) {
  const bool is_writable = beat.running && beat.role == heartbeat::Role::primary;
  const bool has_data = beat.role != heartbeat::Role::uninitialized && beat.role != heartbeat::Role::unknown;
  return {.has_data = has_data,
          .is_running = beat.running,
          .is_writable = is_writable,
          .holds_lock = beat.holds_lock(),
          .is_streaming = beat.replication_state == "streaming",
          .timeline = beat.timeline,
          .position = is_writable ? beat.write_lsn : std::max(beat.receive_lsn, beat.replay_lsn),
          .settled_at = beat.settled_at,
          .tags = tags_of(beat.tags)};
}

// Changes that a decision may hang on at once; positions are read when a decision is made anyway.
bool differs(const ha::Peer& a, const ha::Peer& b) {
  return a.is_running != b.is_running || a.is_writable != b.is_writable || a.holds_lock != b.holds_lock ||
         a.timeline != b.timeline || a.is_streaming != b.is_streaming || a.settled_at != b.settled_at;
}

// The address of the REST API out of "http://10.0.1.11:8008/patroni".
std::string base_of(const std::string& api_url) {
  const auto scheme = api_url.find("://");
  if (scheme == std::string::npos) return {};
  return api_url.substr(0, api_url.find('/', scheme + 3));
}

}  // namespace

Peers::Peers(const asio::any_io_executor& executor, std::string self, heartbeat::SubscriberOptions options,
             std::function<void()> on_change)
    : self_{std::move(self)},
      interval_{options.interval},
      on_change_{std::move(on_change)},
      subscriber_{
          executor,
          std::move(options),
          {.on_heartbeat = [this](const std::string& peer, const heartbeat::Heartbeat& beat, BootInstant,
                                  BootInstant received_at) { on_heartbeat(peer, beat, received_at); },
           .on_lost =
               [this](const std::string& peer, const Error& error) {
                 ++lost_;
                 log::info("heartbeat stream lost", {{"peer", peer}, {"error", error}});
                 on_change_();
               }}} {}

void Peers::on_heartbeat(const std::string& name, const heartbeat::Heartbeat& beat, BootInstant received_at) {
  ++received_;
  auto& entry = entries_.try_emplace(name, interval_).first->second;
  const bool was_heard = entry.peer.is_heard(received_at);
  entry.suspicion.on_heartbeat(received_at);
  const ha::Peer before = std::exchange(entry.peer, peer_of(beat));
  entry.peer.heard_at = received_at;
  entry.peer.suspected_at = entry.suspicion.suspected_at();
  if (!was_heard || differs(before, entry.peer)) on_change_();
}

void Peers::follow(const dcs::Cluster& cluster) {
  bool changed = false;
  for (const auto& member : cluster.members) {
    const auto url = base_of(member.api_url);
    if (member.name == self_ || url.empty() || !member.holdfast) continue;
    auto& known = urls_[member.name];
    changed = changed || known != url;
    known = url;
  }
  if (!changed) return;
  std::vector<heartbeat::Peer> peers;
  for (const auto& [name, url] : urls_) peers.push_back({name, url});
  subscriber_.set_peers(std::move(peers));
}

std::map<ha::Name, ha::Peer> Peers::all() const {
  std::map<ha::Name, ha::Peer> result;
  for (const auto& [name, entry] : entries_) result.emplace(name, entry.peer);
  return result;
}

awaitable<void> Peers::stop() {
  co_await subscriber_.stop();
}

}  // namespace holdfast::agent
