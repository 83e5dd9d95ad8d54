#include "agent/records.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/duration.hpp"
#include "base/log.hpp"
#include "base/slot_name.hpp"
#include "dcs/transactions.hpp"
#include "postgres/slots.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds checkpoint_limit = std::chrono::minutes{10};
constexpr milliseconds slots_interval = 2s;

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// Written beside and renamed, so that a crash leaves the old or the new one.
bool replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  {
    std::ofstream file{fresh, std::ios::trunc};
    file << text;
    if (!file.flush()) return false;
  }
  return std::rename(fresh.c_str(), path.c_str()) == 0;
}

std::string dynamic_cache(const config::Config& config) {
  return config.postgresql.data_dir + "/patroni.dynamic.json";
}

std::vector<dcs::HistoryEntry> history_entries(const TimelineHistory& history,
                                               const std::vector<dcs::HistoryEntry>& known,
                                               const std::string& self) {
  std::vector<dcs::HistoryEntry> entries;
  for (const auto& ancestor : history.ancestors) {
    const auto same = std::find_if(known.begin(), known.end(), [&](const dcs::HistoryEntry& entry) {
      return entry.timeline == ancestor.timeline && entry.at == ancestor.at;
    });
    if (same != known.end()) {
      entries.push_back(*same);
      continue;
    }
    dcs::HistoryEntry entry{.timeline = ancestor.timeline,
                            .at = ancestor.at,
                            .reason = ancestor.reason,
                            .when = {},
                            .leader = {}};
    // Only the newest switch is ours; when an older unknown one happened, and by whom, nobody knows.
    if (&ancestor == &history.ancestors.back()) {
      entry.when = print_iso(wall_now());
      entry.leader = self;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Records::Records(dcs::Store* store, dcs::Keys keys, const config::Config* config, postgres::Control* control,
                 Observer* observer, Peers* peers)
    : store_{store},
      keys_{std::move(keys)},
      config_{config},
      control_{control},
      observer_{observer},
      peers_{peers} {}

void Records::report(const std::string& what, const Result<void>& outcome) {
  const std::string problem = outcome ? std::string{} : to_string(outcome.error());
  std::string& known = problems_[what];
  if (problem == known) return;
  if (!problem.empty()) log::warn("can't keep a record", {{"what", what}, {"error", problem}});
  if (problem.empty()) log::info("a record is kept again", {{"what", what}});
  known = problem;
}

awaitable<Result<void>> Records::write(dcs::Txn txn) const {
  auto done = co_await store_->txn(std::move(txn));
  if (!done) co_return tl::unexpected(done.error());
  // A failed compare: the lock or the key has moved; the next round sees what is there.
  co_return Result<void>{};
}

awaitable<void> Records::keep(Moment moment) {
  auto session = co_await keep_session(moment.dynamic.ttl);
  report("session", session);
  if (session) {
    auto member = co_await keep_member(moment.member);
    report("member record", member);
  }
  if (moment.leads && moment.cluster) {
    auto leader = co_await keep_leader_records(moment);
    report("leader's records", leader);
  }
  if (observer_->accepts_connections() && moment.cluster) {
    auto slots = co_await keep_slots(moment);
    report("replication slots", slots);
  }
  if (moment.cluster) cache_config(*moment.cluster);
}

awaitable<Result<void>> Records::keep_session(milliseconds ttl) {
  const BootInstant now = BootClock::now();
  const bool is_due = now >= session_renewed_ + ttl / 6;
  if (session_ && session_ttl_ == ttl && !is_due) co_return Result<void>{};
  if (session_ && session_ttl_ == ttl) {
    auto left = co_await store_->keepalive(session_);
    if (left) session_renewed_ = now;
    if (left) co_return Result<void>{};
    if (left.error().code != Errc::lease_lost) co_return tl::unexpected(left.error());
  }
  auto lease = co_await store_->grant(std::chrono::ceil<seconds>(ttl));
  if (!lease) co_return tl::unexpected(lease.error());
  session_ = *lease;
  session_ttl_ = ttl;
  session_renewed_ = now;
  co_return Result<void>{};
}

awaitable<Result<void>> Records::keep_member(const dcs::Member& member) {
  std::string text = dcs::print_member(member);
  if (text == written_member_ && session_ == written_session_) co_return Result<void>{};
  auto txn = dcs::put_member(keys_, member.name, text, session_);
  auto written = co_await write(std::move(txn));
  if (!written) co_return written;
  written_member_ = std::move(text);
  written_session_ = session_;
  co_return Result<void>{};
}

awaitable<Result<void>> Records::keep_leader_records(const Moment& moment) {
  const auto cluster = moment.cluster;
  const auto& status = observer_->status();
  if (!status) co_return Result<void>{};
  if (!cluster->initialize || cluster->initialize->is_in_progress()) {
    auto txn = cluster->initialize ? dcs::put_initialize(keys_, status->system_identifier)
                                   : dcs::restore_initialize(keys_, status->system_identifier);
    auto written = co_await write(std::move(txn));
    if (!written) co_return written;
  }
  if (!cluster->config) {
    auto txn = dcs::put_config(keys_, config_to_restore(), 0);
    auto written = co_await write(std::move(txn));
    if (!written) co_return written;
  }
  auto kept_status = co_await keep_status(*cluster);
  if (!kept_status) co_return kept_status;
  co_return co_await keep_history(*cluster, moment.dynamic);
}

std::optional<std::string> Records::final_status(const dcs::Cluster& cluster, Lsn position) const {
  if (!position) return std::nullopt;
  dcs::Status status = cluster.status.value_or(dcs::Status{});
  status.optime = position;
  return dcs::print_status(status);
}

awaitable<Result<void>> Records::keep_status(const dcs::Cluster& cluster) {
  // Fields that are not ours to fill (slots, retain_slots of Patroni peers) stay as they are.
  dcs::Status status = cluster.status.value_or(dcs::Status{});
  status.optime = observer_->status()->flush;
  std::string text = dcs::print_status(status);
  if (text == written_status_ && cluster.status) co_return Result<void>{};
  auto txn = dcs::put_status(keys_, config_->name, text);
  auto written = co_await write(std::move(txn));
  if (written) written_status_ = std::move(text);
  co_return written;
}

awaitable<Result<void>> Records::keep_history(const dcs::Cluster& cluster,
                                              const config::DynamicConfig& dynamic) {
  const Timeline timeline = observer_->status()->timeline;
  if (history_is_written_ && cluster.history) co_return Result<void>{};
  dcs::History history = cluster.history.value_or(dcs::History{});
  if (timeline > 1) {
    const auto path = fmt::format("{}/pg_wal/{:08X}.history", config_->postgresql.data_dir, timeline);
    auto parsed = parse_timeline_history(timeline, read_file(path));
    if (!parsed) co_return fail("reading " + path, parsed.error());
    history.entries = history_entries(*parsed, history.entries, config_->name);
    const auto longest = static_cast<std::size_t>(std::max(0, dynamic.max_timelines_history));
    if (longest > 0 && history.entries.size() > longest) {
      history.entries.erase(history.entries.begin(),
                            history.entries.end() - static_cast<std::ptrdiff_t>(longest));
    }
  }
  auto txn = dcs::put_history(keys_, config_->name, dcs::print_history(history));
  auto written = co_await write(std::move(txn));
  history_is_written_ = written.has_value();
  co_return written;
}

awaitable<Result<void>> Records::keep_slots(const Moment& moment) {
  const BootInstant now = BootClock::now();
  for (const auto& member : moment.cluster->members) members_seen_[member.name] = now;
  if (!config_->postgresql.use_slots || (now < slots_kept_ + slots_interval && !awaits_checkpoint_))
    co_return Result<void>{};
  slots_kept_ = now;
  const auto& status = *observer_->status();
  postgres::WantedSlots wanted{.in_recovery = status.in_recovery, .replay = status.replay};
  const auto peers = peers_->all();
  for (const auto& [name, seen] : members_seen_) {
    if (name == config_->name) continue;
    const auto slot = slot_name_of(name);
    // An absent member's slot is kept for member_slots_ttl, and then dropped (EC-76).
    if (now > seen + moment.dynamic.member_slots_ttl) {
      wanted.may_drop.push_back(slot);
      continue;
    }
    const auto peer = peers.find(name);
    const Lsn position = peer != peers.end() ? peer->second.position : Lsn{};
    wanted.members[slot] = status.in_recovery ? std::min(position, status.replay) : Lsn{};
  }
  auto plan = postgres::plan_slots(wanted, status.slots);
  if (plan.empty()) co_return Result<void>{};
  co_return co_await control_->apply_slots(std::move(plan));
}

awaitable<void> Records::checkpoint_after_promotion() {
  awaits_checkpoint_ = true;
  history_is_written_ = false;
  auto done = co_await control_->checkpoint(checkpoint_limit);
  report("checkpoint after promotion", done);
  awaits_checkpoint_ = false;
}

// `bootstrap.dcs`; or, after the DCS lost it, what we last saw there (EC-7).
std::string Records::config_to_restore() const {
  const auto cached = read_file(dynamic_cache(*config_));
  if (!cached.empty() && config::parse_dynamic(cached)) return cached;
  // Without `bootstrap.dcs` all is as by default; "null" would be no configuration to anybody.
  const auto& tree = config_->bootstrap.dcs.tree;
  return tree.is_map() ? config::print_json(tree) : std::string{"{}"};
}

void Records::cache_config(const dcs::Cluster& cluster) {
  if (!cluster.config || cluster.config->text == cached_config_ || !observer_->is_running()) return;
  if (replace_file(dynamic_cache(*config_), cluster.config->text)) cached_config_ = cluster.config->text;
}

awaitable<Result<void>> Records::say_goodbye(dcs::Member member) {
  co_return co_await keep_member(member);
}

}  // namespace holdfast::agent
