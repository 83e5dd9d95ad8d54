#include <algorithm>

#include "base/overload.hpp"
#include "ha/sync_state.hpp"
#include "sim/agent/agent.hpp"
#include "sim/core/world.hpp"

// The long actions: one at a time, reported through the next View. Killing may cut another one short.
namespace holdfast::sim {

void Agent::begin_job(const Action& action) {
  const ha::Job job = ha::job_of(action);
  if (job_ != ha::Job::none && job != ha::Job::kill) {
    return world_.fail(
        "Contract", fmt::format("{} asked to {} while another job runs", node_.host.name, to_string(action)));
  }
  if (job_ == ha::Job::kill) return;
  job_ = job;
  const int number = ++job_number_;
  world_.trace.mix(static_cast<std::uint64_t>(job) + 100);
  const int life = node_.agent_process.life();
  const auto done = [this, life, number, job](bool ok, std::string problem) {
    node_.agent_process.step(life, [this, number, job, ok, problem = std::move(problem)]() mutable {
      if (number == job_number_) end_job(job, ok, std::move(problem));
    });
  };
  world_.after(node_, world_.random.between(nanoseconds{200us}, 2ms), [this, number, action, done] {
    if (number == job_number_) run_job(action, done);
  });
}

void Agent::end_job(ha::Job job, bool ok, std::string problem) {
  const bool failed_before = last_job_ && last_job_->job == job && !last_job_->ok;
  const int failures = ok ? 0 : (failed_before ? last_job_->failures : 0) + 1;
  last_job_ = ha::JobReport{
      .job = job, .ok = ok, .problem = std::move(problem), .ended = now(), .failures = failures};
  job_ = ha::Job::none;
  if (job == ha::Job::start && ok) believes_server_up_ = true;
  if (job == ha::Job::start && !ok) believes_server_up_ = false;
  if (job == ha::Job::stop || job == ha::Job::kill) believes_server_up_ = node_.postgres.is_up();
  if (!ok) world_.trace.say(world_.now(), node_.host.name, "the job failed: {}", last_job_->problem);
  wake();
}

// Between the decision and this step the process may have been stopped for any time (EC-2).
bool Agent::may_become_primary_now() const {
  return tenure_.is_valid(now()) || world_.mutant.skips_last_check;
}

void Agent::run_job(const Action& action, const std::function<void(bool, std::string)>& done) {
  auto& postgres = node_.postgres;
  std::visit(
      Overload{
          [&](const ha::Bootstrap&) { postgres.initdb(done); },
          [&](const ha::StartPrimary&) {
            if (!may_become_primary_now()) return done(false, "the lease ended before the start");
            if (seen_) node_.saved_names = ha::names_at_start(settings_, seen_->ha.sync, node_.host.name);
            postgres.start(false, std::nullopt, done);
          },
          [&](const ha::StartStandby& start) {
            postgres.start(true, world_.find_index(start.upstream), done);
          },
          [&](const ha::StopServer& stop) { postgres.stop(stop.mode, done); },
          [&](const ha::KillServer&) {
            world_.after(node_, world_.random.between(1ms, 10ms), [this, done] {
              if (!world_.mutant.leaves_backends || !node_.postgres.lingers())
                node_.postgres.kill_everything();
              believes_server_up_ = false;
              done(true, {});
            });
          },
          [&](const ha::Promote& promote) {
            if (!may_become_primary_now()) return done(false, "the lease ended before the promotion");
            postgres.promote(promote.synchronous_names, promote.timeline, done);
          },
          [&](const ha::RunCheckpoint&) { postgres.checkpoint(done); },
          [&](const ha::Clone& clone) { run_clone(world_.find_index(clone.source).value_or(-1), done); },
          [&](const ha::Rewind& rewind) { run_rewind(world_.find_index(rewind.source).value_or(-1), done); },
          [&](const ha::SetAside&) { run_set_aside(done); },
          [&](const auto&) { done(false, "not a job"); },
      },
      action);
}

void Agent::run_clone(int source, std::function<void(bool, std::string)> done) {
  if (source < 0 || !world_.can_copy_from(source, node_)) return done(false, "the source does not answer");
  world_.checkers.before_data_is_dropped(world_, node_, "a clone is made over it");
  node_.data = DataDirectory{};
  node_.data.state = ha::DirectoryState::incomplete;
  node_.data.problem = "an interrupted clone";
  const int life = node_.agent_process.life();
  world_.queue.after(world_.random.between(200ms, 1500ms), [this, life, source, done = std::move(done)] {
    if (life != node_.agent_process.life()) return;  // the child died with its agent
    if (!world_.can_copy_from(source, node_)) return done(false, "the source died half-way");
    const auto& from = world_.node(source).data;
    node_.data = from;
    node_.data.wal.resize(from.flushed);
    node_.data.flushed = node_.data.wal.size();
    node_.data.is_standby = true;
    node_.data.cleanly_stopped = false;
    ++world_.counts.clones;
    done(true, {});
  });
}

void Agent::run_rewind(int source, std::function<void(bool, std::string)> done) {
  if (source < 0 || !world_.can_copy_from(source, node_) || world_.node(source).postgres.in_recovery()) {
    return done(false, "the source is no running primary");
  }
  if (node_.postgres.is_up()) return done(false, "the target runs");
  node_.data.state = ha::DirectoryState::incomplete;
  node_.data.problem = "an interrupted pg_rewind";
  const int life = node_.agent_process.life();
  world_.queue.after(world_.random.between(150ms, 1200ms), [this, life, source, done = std::move(done)] {
    if (life != node_.agent_process.life()) return;
    if (!world_.can_copy_from(source, node_)) return done(false, "the source died half-way");
    auto& data = node_.data;
    const auto& from = world_.node(source).data;
    data.state = ha::DirectoryState::ready;
    data.problem.clear();
    ++world_.counts.rewinds;
    // pg_rewind believes the control file of the source: before its checkpoint it sees no divergence
    // (EC-113).
    if (from.control_timeline == data.timeline) return done(true, {});
    world_.checkers.before_rewind(world_, node_, from);
    data.wal.resize(common_records(data, from));
    data.flushed = data.wal.size();
    data.timeline = data.wal.empty() ? 1 : data.wal.back().timeline;
    data.ancestors.clear();
    for (const auto& ancestor : from.ancestors) {
      if (ancestor.timeline < data.timeline) data.ancestors.push_back(ancestor);
    }
    data.is_standby = true;
    data.cleanly_stopped = false;
    data.checkpoint = data.wal.empty() ? 0 : data.wal.size() - 1;
    done(true, {});
  });
}

void Agent::run_set_aside(std::function<void(bool, std::string)> done) {
  if (node_.postgres.is_up()) return done(false, "the server runs");
  node_.set_aside.push_back(std::move(node_.data));
  node_.data = DataDirectory{};
  world_.after(node_, world_.random.between(1ms, 20ms), [done = std::move(done)] { done(true, {}); });
}

}  // namespace holdfast::sim
