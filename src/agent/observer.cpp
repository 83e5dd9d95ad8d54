#include "agent/observer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/ip/address.hpp>
#include <fstream>
#include <iterator>

#include "agent/settings.hpp"
#include "base/log.hpp"
#include "base/slot_name.hpp"
#include "postgres/timelines.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds status_limit = 2s;
constexpr milliseconds stopped_interval = 500ms;  // between looks at a data directory that nobody runs
constexpr milliseconds probe_interval = 1s;
// Walsenders and backends take a new setting over one by one, each a moment after it is shown.
constexpr milliseconds names_settle_time = 100ms;
constexpr milliseconds probe_limit = 2s;

ha::DirectoryState directory_state(postgres::DirectoryState state) {
  switch (state) {
    case postgres::DirectoryState::empty:
      return ha::DirectoryState::empty;
    case postgres::DirectoryState::valid:
      return ha::DirectoryState::ready;
    case postgres::DirectoryState::incomplete:
      return ha::DirectoryState::incomplete;
    case postgres::DirectoryState::foreign:
    case postgres::DirectoryState::wrong_version:
      return ha::DirectoryState::foreign;
    case postgres::DirectoryState::inaccessible:
      return ha::DirectoryState::unknown;
  }
  return ha::DirectoryState::unknown;
}

bool is_dead_to_clients(postgres::Health health) {
  return health == postgres::Health::hung || health == postgres::Health::cannot_write;
}

}  // namespace

Observer::Observer(const asio::any_io_executor& executor, postgres::Control* control,
                   std::function<std::int64_t()> lock_is_free_at, std::function<void()> on_change)
    : control_{control},
      lock_is_free_at_{std::move(lock_is_free_at)},
      on_change_{std::move(on_change)},
      wake_{executor},
      tasks_{executor} {}

awaitable<void> Observer::start(milliseconds interval) {
  co_await look();
  tasks_.spawn("postgres status", poll(interval));
  tasks_.spawn("postgres probe", probe());
}

awaitable<void> Observer::stop() {
  co_await tasks_.stop();
}

void Observer::on_killed() {
  crashed_ = false;
  running_.reset();
  status_.reset();
  responsive_ = true;
}

awaitable<void> Observer::look() {
  // One after the other: who asks wants what is there now, not what a look that began earlier has seen.
  while (looking_) co_await async::sleep_for(1ms);
  if (looks_away_) co_return;
  looking_ = true;
  auto found = control_->postmaster();
  if (found && (!running_ || running_->pid() != found->pid())) {
    running_ = *found;
    crashed_ = false;
    status_.reset();
    names_seen_at_.reset();
    control_data_.reset();
    tasks_.spawn("postmaster", wait_for_end(*found));
  }
  if (running_) {
    const auto free_at = lock_is_free_at_();  // before the position is read
    auto status = co_await control_->status(status_limit);
    if (status && running_) take_status(std::move(*status), free_at);
    note_refusal(status ? std::string{} : to_string(status.error()));
  } else {
    co_await read_stopped();
  }
  looking_ = false;
}

awaitable<void> Observer::read_stopped() {
  auto inspected = co_await control_->inspect();
  std::optional<std::string> problem;
  std::optional<postgres::ControlData> control_data;
  if (!inspected) problem = to_string(inspected.error());
  if (inspected && inspected->state == postgres::DirectoryState::valid) {
    auto read = co_await control_->control_data();
    if (read) control_data = *read;
    if (!read) problem = "pg_control can't be read: " + to_string(read.error());
  }
  // Taken over together: a decision must never see half of a look.
  if (running_) co_return;
  if (inspected) inspection_ = *inspected;
  inspection_problem_ = std::move(problem);
  control_data_ = std::move(control_data);
  if (control_data_) learn_history(postgres::stopped_at(*control_data_).timeline);
}

awaitable<void> Observer::wait_for_end(postgres::Postmaster postmaster) {
  auto ended = co_await postmaster.wait_exit();
  if (!running_ || running_->pid() != postmaster.pid()) co_return;
  running_.reset();
  status_.reset();
  responsive_ = true;
  crashed_ = !end_is_expected_;
  if (crashed_) log::error("the postmaster ended without our doing", {{"pid", postmaster.pid()}});
  stalls_.clear();
  // A crash is acted on at once; what the directory looks like is read while the leftovers are being killed.
  on_change_();
  wake_.notify();
}

awaitable<void> Observer::poll(milliseconds interval) {
  for (;;) {
    const milliseconds pause = running_ || crashed_ ? interval : stopped_interval;
    co_await wake_.wait_until(BootClock::now() + pause);
    const auto before = state();
    const auto had = status_;
    const auto had_settled_at = settled_at_;
    const auto had_confirmed = confirmed_standbys();
    co_await look();
    const bool changed = before != state() || had.has_value() != status_.has_value() ||
                         had_settled_at != settled_at_ || had_confirmed != confirmed_standbys() ||
                         (had && status_ &&
                          (had->in_recovery != status_->in_recovery ||
                           had->replication.size() != status_->replication.size() ||
                           had->synchronous_standby_names != status_->synchronous_standby_names ||
                           had->timeline != status_->timeline));
    if (changed || (status_ && !status_->in_recovery && !stalls_.empty())) on_change_();
  }
}

awaitable<void> Observer::probe() {
  for (;;) {
    co_await async::sleep_for(probe_interval);
    if (!accepts_connections()) continue;
    auto probed = co_await control_->probe(probe_limit);
    if (!probed || !running_) continue;
    const bool was_responsive = std::exchange(responsive_, !is_dead_to_clients(probed->health));
    if (probed->text != probe_text_) {
      if (!probed->text.empty()) {
        log::warn("PostgreSQL's probe", {{"health", to_string(probed->health)}, {"detail", probed->text}});
      }
      probe_text_ = probed->text;
    }
    if (was_responsive != responsive_) on_change_();
  }
}

void Observer::take_status(postgres::Status status, std::int64_t lock_was_free_at) {
  note_synchronous_names(status);
  // Once the receiver is gone PostgreSQL tells the timeline of its last checkpoint, which the position has
  // left behind.
  if (status_ && status.in_recovery) status.timeline = std::max(status.timeline, status_->timeline);
  status_ = std::move(status);
  settled_at_ = status_->in_recovery && status_->has_read_all_wal ? lock_was_free_at : 0;
  learn_history(status_->timeline);
  note_stalls();
}

// Standbys count from where WAL ended when the setting had become active everywhere.
void Observer::note_synchronous_names(const postgres::Status& status) {
  const BootInstant now = BootClock::now();
  const bool is_other = !status_ || status_->in_recovery || status.in_recovery ||
                        status_->synchronous_standby_names != status.synchronous_standby_names;
  if (is_other || !names_seen_at_) {
    names_seen_at_ = now;
    names_active_from_.reset();
  }
  if (!names_active_from_ && !status.in_recovery && now >= *names_seen_at_ + names_settle_time)
    names_active_from_ = status.insert;
}

std::size_t Observer::confirmed_standbys() const {
  if (!status_ || !names_active_from_) return 0;
  const auto& rows = status_->replication;
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [&](const auto& row) { return row.flush >= *names_active_from_; }));
}

// A server that starts and lets nobody in would otherwise be "starting" for ever, and nobody could tell why.
void Observer::note_refusal(const std::string& refusal) {
  if (refusal == refusal_) return;
  refusal_ = refusal;
  if (!refusal.empty() && !status_) log::warn("PostgreSQL does not let us in yet", {{"error", refusal}});
}

void Observer::learn_history(Timeline timeline) {
  newest_history_ = postgres::newest_timeline(control_->options(), timeline);
  if (history_ && history_->timeline == timeline) return;
  history_.reset();
  if (timeline == 1) history_ = TimelineHistory{.timeline = 1, .ancestors = {}};
  std::ifstream file{fmt::format("{}/pg_wal/{:08X}.history", control_->options().data_dir, timeline)};
  if (timeline <= 1 || !file) return;
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (auto parsed = parse_timeline_history(timeline, text)) history_ = *std::move(parsed);
}

// A standby that has not flushed, by now, what we had flushed at some earlier look is behind since then.
void Observer::note_stalls() {
  if (status_->in_recovery) stalls_.clear();
  const BootInstant now = BootClock::now();
  std::map<std::string, Stall> seen;
  for (const auto& row : status_->replication) {
    if (row.flush >= status_->write) continue;
    const auto known = stalls_.find(row.application_name);
    const bool has_moved = known == stalls_.end() || row.flush >= known->second.target;
    seen[row.application_name] = has_moved ? Stall{status_->write, now} : known->second;
  }
  stalls_ = std::move(seen);
}

ha::ServerState Observer::state() const {
  if (crashed_) return ha::ServerState::crashed;
  if (!running_) return ha::ServerState::stopped;
  return status_ ? ha::ServerState::running : ha::ServerState::starting;
}

bool Observer::is_standby() const {
  const auto& options = control_->options();
  return access((options.data_dir + "/standby.signal").c_str(), F_OK) == 0;
}

ha::Server Observer::server(const std::vector<std::string>& members) const {
  ha::Server server;
  server.directory = running_ ? ha::DirectoryState::ready : directory_state(inspection_.state);
  server.directory_problem = inspection_.advice;
  // A server that has just ended: what it left is known only when pg_control has been read.
  const bool is_unread = !running_ && inspection_.state == postgres::DirectoryState::valid && !control_data_;
  if (is_unread && !crashed_) server.directory = ha::DirectoryState::unknown;
  if (inspection_problem_ && !running_) {
    server.directory = ha::DirectoryState::unknown;
    server.directory_problem = *inspection_problem_;
  }
  server.state = state();
  server.responsive = responsive_;
  server.history = history_;
  server.newest_history = newest_history_;
  server.upstream = upstream_;
  if (status_) {
    describe_running(server, members);
  } else if (running_ || crashed_) {
    server.in_recovery = is_standby();
    if (control_data_) server.system_id = control_data_->system_identifier;
  } else {
    describe_stopped(server);
  }
  return server;
}

void Observer::describe_stopped(ha::Server& server) const {
  if (!control_data_) return;
  const auto& control = *control_data_;
  using enum postgres::ClusterState;
  server.system_id = control.system_identifier;
  server.cleanly_stopped = control.is_clean();
  server.in_recovery = control.state == shut_down_in_recovery || control.state == in_archive_recovery ||
                       (control.state != shut_down && is_standby());
  const auto end = postgres::stopped_at(control);
  const bool is_clean_primary = control.state == shut_down;
  server.timeline = is_clean_primary ? control.timeline : end.timeline;
  server.position = is_clean_primary ? control.checkpoint : end.lsn;
}

void Observer::describe_running(ha::Server& server, const std::vector<std::string>& members) const {
  server.system_id = status_->system_identifier;
  server.in_recovery = status_->in_recovery;
  server.timeline = status_->timeline;
  server.position = status_->in_recovery ? status_->position() : status_->flush;
  server.streaming = status_->receiver && status_->receiver->status == "streaming";
  server.synchronous_names = parse_synchronous_names(status_->synchronous_standby_names);
  if (status_->in_recovery) return;
  for (const auto& row : status_->replication) {
    for (const auto& member : members) {
      if (!boost::algorithm::iequals(row.application_name, member)) continue;
      if (!is_from(row, member)) continue;
      server.standbys.push_back(standby_of(row, member));
    }
  }
}

// By role, and slot or address: a pg_receivewal that calls itself pg2 is not pg2 (EC-61).
bool Observer::is_from(const postgres::ReplicationRow& row, const std::string& member) const {
  if (row.usename != control_->options().replication.username) return false;
  if (!row.slot_name.empty()) return row.slot_name == slot_name_of(member);
  if (origins_.have_slots) return false;
  const auto host = origins_.hosts.find(member);
  if (host == origins_.hosts.end()) return true;
  boost::system::error_code is_name;
  const auto expected = asio::ip::make_address(host->second, is_name);
  if (is_name) return true;  // a name that would have to be looked up
  boost::system::error_code is_local;
  const auto seen = asio::ip::make_address(row.client_addr, is_local);
  return !is_local && seen == expected;
}

ha::Standby Observer::standby_of(const postgres::ReplicationRow& row, const std::string& member) const {
  const bool counts = row.sync_state == "sync" || row.sync_state == "quorum";
  ha::Standby standby{.member = member,
                      .streaming = row.state == "streaming",
                      .confirmed = counts && names_active_from_ && row.flush >= *names_active_from_,
                      .flushed = row.flush};
  if (const auto stall = stalls_.find(row.application_name); stall != stalls_.end()) {
    standby.stalled_since = stall->second.since;
  }
  return standby;
}

}  // namespace holdfast::agent
