#include "sim/postgres/postgres.hpp"

#include <algorithm>

#include "sim/core/world.hpp"

namespace holdfast::sim {
namespace {

constexpr SimTime stream_timeout = 3s;  // wal_receiver_timeout, wal_sender_timeout
constexpr SimTime watch_interval = 50ms;

}  // namespace

void Postgres::run_part(int life, Task part, Lost outcome, Done done) {
  auto ran = std::make_shared<bool>(false);
  node_.postgres_process.step(life, [ran, part = std::move(part)] {
    *ran = true;
    part();
  });
  watch_for_end(life, std::move(ran), std::move(outcome), std::move(done));
}

// A part that waits in a stopped process is lost when that is killed.
void Postgres::watch_for_end(int life, std::shared_ptr<bool> ran, Lost outcome, Done done) {
  if (*ran) return;
  if (life != node_.postgres_process.life()) return done(outcome.ok, outcome.problem);
  world_.queue.after(watch_interval, [this, life, ran = std::move(ran), outcome = std::move(outcome),
                                      done = std::move(done)]() mutable {
    watch_for_end(life, std::move(ran), std::move(outcome), std::move(done));
  });
}

void Postgres::initdb(Done done) {
  auto& data = node_.data;
  world_.checkers.before_initdb(world_, node_);
  data = DataDirectory{};
  data.state = ha::DirectoryState::incomplete;
  data.problem = "an interrupted bootstrap";
  world_.after(node_, world_.random.between(300ms, 900ms), [this, done = std::move(done)] {
    auto& made = node_.data;
    made.state = ha::DirectoryState::ready;
    made.problem.clear();
    made.system_id = fmt::format("{}", 7000 + world_.random.below(1'000'000));
    made.timeline = 1;
    made.cleanly_stopped = true;
    take_checkpoint();
    made.flushed = made.wal.size();
    done(true, {});
  });
}

void Postgres::start(bool as_standby, std::optional<int> upstream, Done done) {
  auto& data = node_.data;
  if (state_ != State::stopped || data.state != ha::DirectoryState::ready)
    return done(false, "it can't be started now");
  if (lingers_) return done(false, "FATAL: pre-existing shared memory block is still in use");
  state_ = State::starting;
  in_recovery_ = as_standby;
  data.is_standby = as_standby;
  upstream_ = upstream;
  names_ = as_standby ? ha::SynchronousNames{} : node_.saved_names;
  active_since_ = data.wal.size();
  const bool needs_recovery = !data.cleanly_stopped;
  data.cleanly_stopped = false;
  node_.postgres_process.begin();
  const auto takes =
      world_.random.between(60ms, 250ms) + (needs_recovery ? world_.random.between(50ms, 800ms) : 0ms);
  const int life = node_.postgres_process.life();
  world_.trace.say(world_.now(), node_.host.name, "PostgreSQL is starting as {}",
                   as_standby ? "a standby" : "the primary");
  world_.queue.after(takes, [this, life, as_standby, done = std::move(done)] {
    run_part(
        life, [this, as_standby, done] { finish_start(as_standby, done); },
        {false, "it was killed while starting"}, done);
  });
}

void Postgres::finish_start(bool as_standby, const Done& done) {
  if (node_.failing_starts > 0) {
    --node_.failing_starts;
    kill_everything();
    return done(false, "FATAL: could not start (injected)");
  }
  state_ = State::running;
  if (!as_standby) {
    take_checkpoint();
    flush_soon();
    world_.checkers.on_primary(world_, node_);
  }
  next_connect_ = world_.now();
  world_.trace.say(world_.now(), node_.host.name, "PostgreSQL runs as {}",
                   as_standby ? "a standby" : "the primary");
  world_.wake_agent(node_);
  tick();
  done(true, {});
}

void Postgres::stop(ha::StopMode mode, Done done) {
  if (!is_up()) {
    if (lingers_) kill_everything();
    return done(true, {});
  }
  if (mode == ha::StopMode::immediate) {
    const int life = node_.postgres_process.life();
    world_.queue.after(world_.random.between(10ms, 60ms), [this, life, done = std::move(done)] {
      const auto end = [this, done] {
        kill_everything();
        done(true, {});
      };
      run_part(life, end, {true, {}}, done);
    });
    return;
  }
  state_ = State::stopping;
  fail_commits();
  const int life = node_.postgres_process.life();
  world_.queue.after(world_.random.between(30ms, 400ms), [this, life, done = std::move(done)] {
    const auto shut_down = [this, done] {
      if (in_recovery_) return end_cleanly(done);
      take_checkpoint();
      node_.data.flushed = node_.data.wal.size();
      on_flushed();
      wait_for_standbys(world_.now() + stream_timeout, done);
    };
    run_part(life, shut_down, {false, "it died while stopping"}, done);
  });
}

// A primary that shuts down sends everything to the standbys that are connected, and waits for them.
void Postgres::wait_for_standbys(SimTime limit, Done done) {
  const auto all_have = std::all_of(senders_.begin(), senders_.end(), [&](const auto& entry) {
    return entry.second.acked >= node_.data.wal.size();
  });
  if (all_have || world_.now() >= limit) return end_cleanly(done);
  const int life = node_.postgres_process.life();
  world_.queue.after(20ms, [this, life, limit, done = std::move(done)] {
    run_part(
        life, [this, limit, done] { wait_for_standbys(limit, done); }, {false, "it died while stopping"},
        done);
  });
}

void Postgres::end_cleanly(const Done& done) {
  node_.data.cleanly_stopped = true;
  node_.data.is_standby = in_recovery_;
  end_streams();
  fail_commits();
  state_ = State::stopped;
  node_.postgres_process.end();
  world_.trace.say(world_.now(), node_.host.name, "PostgreSQL has stopped cleanly");
  world_.wake_agent(node_);
  done(true, {});
}

void Postgres::promote(ha::SynchronousNames names, Timeline timeline, Done done) {
  if (state_ != State::running || !in_recovery_) return done(false, "it is not a running standby");
  set_names(std::move(names));
  if (receiver_ != 0) drop_receiver(receiver_);
  upstream_.reset();
  const int life = node_.postgres_process.life();
  world_.queue.after(world_.random.between(80ms, 300ms), [this, life, timeline, done = std::move(done)] {
    run_part(
        life, [this, timeline, done] { finish_promotion(timeline, done); },
        {false, "it died while promoting"}, done);
  });
}

void Postgres::finish_promotion(Timeline timeline, const Done& done) {
  auto& data = node_.data;
  if (receiver_ != 0) drop_receiver(receiver_);
  upstream_.reset();
  data.ancestors.push_back({data.timeline, lsn_of(data.wal.size()), "no recovery target specified"});
  data.timeline = std::max(data.timeline + 1, timeline);
  data.is_standby = false;
  in_recovery_ = false;
  append(world_.next_server_record());  // end of recovery
  data.flushed = data.wal.size();
  on_flushed();
  world_.trace.say(world_.now(), node_.host.name, "PostgreSQL is promoted: timeline {}", data.timeline);
  world_.checkers.on_promotion(world_, node_);
  world_.checkers.on_primary(world_, node_);
  node_.sentinel.look(world_, node_);
  const int life = node_.postgres_process.life();
  world_.queue.after(world_.random.between(50ms, 600ms), [this, life] {  // the checkpoint after promotion
    node_.postgres_process.step(life, [this] {
      take_checkpoint();
      flush_soon();
    });
  });
  world_.wake_agent(node_);
  done(true, {});
}

void Postgres::checkpoint(Done done) {
  const int life = node_.postgres_process.life();
  world_.queue.after(world_.random.between(10ms, 200ms), [this, life, done = std::move(done)] {
    if (state_ != State::running) return done(false, "it is not running");
    const auto take = [this, done] {
      if (!in_recovery_) take_checkpoint();
      flush_soon();
      done(true, {});
    };
    run_part(life, take, {false, "it died while it ran a checkpoint"}, done);
  });
}

void Postgres::take_checkpoint() {
  auto& data = node_.data;
  data.checkpoint = data.wal.size();
  data.control_timeline = data.timeline;
  append(world_.next_server_record());
}

bool Postgres::set_names(ha::SynchronousNames names) {
  if (state_ != State::running) return false;
  node_.saved_names = names;
  active_since_ = node_.data.wal.size();
  names_ = std::move(names);
  answer_commits();
  return true;
}

void Postgres::follow(std::optional<int> upstream) {
  if (upstream_ == upstream) return;
  upstream_ = upstream;
  if (receiver_ != 0) drop_receiver(receiver_);
  next_connect_ = world_.now();
  tick();
}

void Postgres::kill_everything() {
  auto& data = node_.data;
  const bool was_anything = is_up() || lingers_;
  if (data.wal.size() > data.flushed) data.wal.resize(data.flushed);
  data.checkpoint = std::min(data.checkpoint, data.wal.empty() ? 0 : data.wal.size() - 1);
  if (is_up()) data.cleanly_stopped = false;
  waiting_.clear();
  end_streams();
  state_ = State::stopped;
  lingers_ = false;
  node_.postgres_process.end();
  if (!was_anything) return;
  world_.trace.say(world_.now(), node_.host.name, "PostgreSQL and all of its backends are dead");
  world_.wake_agent(node_);
}

void Postgres::kill_postmaster() {
  if (!is_up()) return;
  const bool had_backends = state_ == State::running;
  node_.data.cleanly_stopped = false;
  if (!had_backends) return kill_everything();
  state_ = State::stopped;
  lingers_ = true;
  world_.trace.say(world_.now(), node_.host.name, "the postmaster is dead, its backends linger");
  world_.wake_agent(node_);
  const int life = node_.postgres_process.life();
  world_.queue.after(world_.random.between(20ms, 2500ms), [this, life] {
    if (life == node_.postgres_process.life() && lingers_) kill_everything();
  });
}

void Postgres::on_process_resumed() {
  node_.postgres_process.run_waiting();
}

void Postgres::cancel_waits() {
  for (auto& commit : std::exchange(waiting_, {})) commit.answer(CommitAnswer::cancelled_wait);
}

void Postgres::write(WriteId id, Committed answer) {
  if (!accepts_writes()) return answer(CommitAnswer::failed);
  append(id);
  waiting_.push_back({node_.data.wal.size() - 1, std::move(answer)});
  flush_soon();
}

void Postgres::append(WriteId id) {
  node_.data.wal.push_back({id, node_.data.timeline});
}

void Postgres::flush_soon() {
  if (flush_due_) return;
  flush_due_ = true;
  const int life = node_.postgres_process.life();
  world_.queue.after(world_.random.between(nanoseconds{500us}, 4ms), [this, life] {
    flush_due_ = false;
    node_.postgres_process.step(life, [this] {
      node_.data.flushed = node_.data.wal.size();
      on_flushed();
    });
  });
}

void Postgres::on_flushed() {
  answer_commits();
  for (auto& [standby, sender] : senders_) {
    if (sender.acked < node_.data.flushed && !sender.stalled_since)
      sender.stalled_since = node_.host.now(world_.now());
    kick(standby);
  }
}

// As many of the listed standbys as PostgreSQL waits for.
bool Postgres::enough(const std::function<bool(int standby)>& counts) const {
  const auto found = std::count_if(names_.names.begin(), names_.names.end(),
                                   [&](const ha::Name& name) { return counts(world_.index_of(name)); });
  return static_cast<std::size_t>(found) >= names_.count;
}

bool Postgres::is_satisfied(std::size_t index) const {
  return enough([&](int standby) {
    const auto sender = senders_.find(standby);
    return sender != senders_.end() && sender->second.acked > index;
  });
}

void Postgres::answer_commits() {
  if (state_ != State::running && !lingers_) return;
  std::size_t answered = 0;
  for (auto& commit : waiting_) {
    if (commit.index >= node_.data.flushed || !is_satisfied(commit.index)) break;
    commit.answer(CommitAnswer::committed);
    ++answered;
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(answered));
}

void Postgres::fail_commits() {
  for (auto& commit : std::exchange(waiting_, {})) commit.answer(CommitAnswer::failed);
}

bool Postgres::accepts_standbys() const {
  return state_ == State::running && node_.postgres_process.is_running();
}

bool Postgres::accepts_writes() const {
  return !in_recovery_ && node_.postgres_process.is_running() && (state_ == State::running || lingers_);
}

bool Postgres::can_acknowledge() const {
  if (!accepts_writes()) return false;
  return enough([&](int standby) {
    const auto sender = senders_.find(standby);
    return sender != senders_.end() && world_.node(standby).postgres.receiver_ == sender->second.connection;
  });
}

bool Postgres::is_confirmed(int standby) const {
  const auto& names = names_.names;
  const auto sender = senders_.find(standby);
  const bool is_listed = std::find(names.begin(), names.end(), world_.name_of(standby)) != names.end();
  return sender != senders_.end() && is_listed && sender->second.acked >= active_since_;
}

}  // namespace holdfast::sim
