#include <fmt/format.h>

#include <algorithm>

#include "agent/loop.hpp"
#include "agent/settings.hpp"
#include "base/log.hpp"
#include "dcs/ha_mapping.hpp"

namespace holdfast::agent {
namespace {

// How long the last view of the DCS may be used after contact is lost.
constexpr milliseconds cache_grace = 1s;

}  // namespace

std::vector<std::string> Agent::member_names() const {
  std::vector<std::string> names;
  if (!cached_) return names;
  for (const auto& member : cached_->members) {
    if (member.name != config_.name) names.push_back(member.name);
  }
  // A record that expired with its session is no member that left: `sync` still names it.
  if (cached_->sync) {
    for (const auto& name : cached_->sync->standbys) {
      if (cached_->member(name) == nullptr && name != config_.name) names.push_back(name);
    }
  }
  return names;
}

std::shared_ptr<const dcs::Cluster> Agent::cluster() const {
  if (!watcher_ || !cached_) return nullptr;
  const bool is_fresh = watcher_->is_healthy() || BootClock::now() < watcher_->last_contact() + cache_grace;
  return is_fresh ? cached_ : nullptr;
}

void Agent::read_cluster() {
  if (!watcher_->has_snapshot() || (cached_ && cached_->revision == watcher_->snapshot().revision)) return;
  auto parsed = std::make_shared<dcs::Cluster>(dcs::parse_cluster(keys_, watcher_->snapshot()));
  for (const auto& problem : parsed->problems) {
    const bool is_new = !cached_ || std::find(cached_->problems.begin(), cached_->problems.end(), problem) ==
                                        cached_->problems.end();
    if (is_new) log::warn("a key in the DCS is malformed", {{"problem", problem}});
  }
  const bool was_wiped = cached_ && parsed->revision < cached_->revision;
  if (was_wiped) pending_.sync_revision = 0;
  const bool lock_got_free = cached_ && cached_->leader && !parsed->leader;
  cached_ = std::move(parsed);
  // What the others have to know before one of them leads: how far our WAL goes now.
  if (lock_got_free) observer_.look_soon();
  Observer::Origins origins{.have_slots = config_.postgresql.use_slots, .hosts = {}};
  for (const auto& member : cached_->members) {
    if (const auto address = parse_conn_url(member.conn_url)) origins.hosts[member.name] = address->host;
  }
  observer_.set_origins(std::move(origins));
  lock_.observe(*cached_);
  peers_.follow(*cached_);
  take_dynamic(*cached_);
}

void Agent::take_dynamic(const dcs::Cluster& cluster) {
  if (!cluster.config || cluster.config->text == dynamic_text_) return;
  const bool is_first = dynamic_text_.empty();
  dynamic_text_ = cluster.config->text;
  config::Problems problems;
  auto parsed = config::parse_dynamic(dynamic_text_, &problems);
  if (!parsed) {
    log::error("the DCS key config is not usable, keeping the configuration in force",
               {{"error", parsed.error()}});
    return;
  }
  for (const auto& problem : problems)
    log::warn("a setting in the DCS", {{"problem", config::print_problem(problem)}});
  dynamic_ = *std::move(parsed);
  settings_ = ha_settings(dynamic_, config::effective_postgresql(config_, dynamic_));
  if (!is_first) log::info("dynamic configuration changed", {{"revision", cluster.config->mod_revision}});
  tasks_.spawn("apply configuration", apply_dynamic());
}

Portrait Agent::portrait(const ha::Server& server) const {
  return {.config = config_,
          .dynamic = dynamic_,
          .observer = observer_,
          .server = server,
          .tenure = lock_.tenure(),
          .job = jobs_.current(),
          .now = BootClock::now(),
          .is_handing_over = is_handing_over_,
          .awaits_checkpoint = records_.awaits_checkpoint(),
          .cluster = cluster()};
}

ha::View Agent::view() {
  ha::View view;
  view.now = BootClock::now();
  view.wall_now = wall_now();
  view.agent_started = started_;
  view.self = config_.name;
  view.tags = ha_tags(config_.tags);
  view.settings = settings_;
  view.server = observer_.server(member_names());
  if (const auto fresh = cluster()) view.cluster = dcs::to_ha(*fresh);
  view.tenure = lock_.tenure();
  view.peers = peers_.all();
  for (const auto& node : config_.nodes) {
    if (node.has(config::Role::agent)) view.expected_members.push_back(node.name);
  }
  view.owns_bootstrap = owns_bootstrap_;
  if (leader_history_is_current()) view.leader_history = leader_history_;
  view.job = jobs_.current();
  view.last_job = jobs_.last();
  view.pending = pending_;
  view.is_stopping = is_stopping_;
  view.memory = memory_;
  return view;
}

// A history from before the leader's promotion would call everybody diverged who has followed it already.
bool Agent::leader_history_is_current() const {
  if (!leader_history_ || !cached_ || !cached_->leader) return false;
  const auto& leader = cached_->leader->name;
  const auto peers = peers_.all();
  if (const auto peer = peers.find(leader); peer != peers.end()) {
    return peer->second.is_heard(BootClock::now()) && peer->second.timeline == leader_history_->timeline;
  }
  const auto* member = cached_->member(leader);
  return member != nullptr && member->timeline == leader_history_->timeline;
}

bool Agent::waits_for_first_contact() const {
  const bool may_wait = !observer_.is_running() && !is_stopping_;
  return may_wait && !cached_ && BootClock::now() < started_ + first_contact_limit;
}

}  // namespace holdfast::agent
