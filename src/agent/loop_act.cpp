#include <fmt/format.h>

#include "agent/loop.hpp"
#include "agent/settings.hpp"
#include "base/log.hpp"
#include "base/overload.hpp"
#include "base/slot_name.hpp"
#include "dcs/etcd/settle.hpp"
#include "dcs/ha_mapping.hpp"
#include "dcs/transactions.hpp"
#include "ha/sync_state.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds catch_up_limit = 1s;

}  // namespace

awaitable<void> Agent::decide_forever() {
  for (;;) {
    const BootInstant until = step();
    if (exits_) co_return;  // an agent that is done does not wait for its next turn
    co_await wake_.wait_until(until);
  }
}

BootInstant Agent::step() {
  read_cluster();
  if (waits_for_first_contact()) return BootClock::now() + retry_pause;
  const ha::View seen = view();
  const ha::Decision decision = ha::decide(seen);
  decided_at_ = seen.now;
  metrics_.decisions.add();
  memory_ = decision.memory;
  is_handing_over_ = decision.is_handing_over;
  note(decision);
  for (const auto& action : decision.actions) act(action);
  guard_writability(seen.server);
  note_promotion();
  const auto state =
      fmt::format("{} {} {} {} {}", role_word(portrait(seen.server)), state_word(portrait(seen.server)),
                  is_handing_over_, lock_.tenure().is_valid(seen.now), observer_.settled_at());
  if (state != shown_state_) {
    shown_state_ = state;
    publisher_.push();
    records_wake_.notify();
  }
  return decision.wake_at;
}

void Agent::note(const ha::Decision& decision) {
  if (decision.reason == reason_) return;
  reason_ = decision.reason;
  metrics_.decision_changes.add();
  std::string actions;
  for (const auto& action : decision.actions) {
    if (std::holds_alternative<ha::RenewLease>(action)) continue;
    actions += (actions.empty() ? "" : ", ") + ha::to_string(action);
  }
  log::info(reason_, {{"rule", decision.rule}, {"actions", actions.empty() ? "none" : actions}});
}

void Agent::note_promotion() {
  const auto& last = jobs_.last();
  if (!last || last->job != ha::Job::promote || !last->ok || last->ended == promoted_at_) return;
  promoted_at_ = last->ended;
  metrics_.promotions.add();
  const bool was_planned = cached_ && cached_->failover && cached_->failover->member == config_.name;
  (was_planned ? metrics_.switchovers : metrics_.failovers).add();
  tasks_.spawn("checkpoint after promotion", records_.checkpoint_after_promotion());
}

void Agent::act(const ha::Action& action) {
  const auto begin = [&](bool* pending, awaitable<void> task) {
    *pending = true;
    tasks_.spawn(ha::to_string(action), std::move(task));
  };
  if (ha::job_of(action) != ha::Job::none) return jobs_.start(action);
  std::visit(
      Overload{
          [&](const ha::TakeInitialize&) { begin(&pending_.initialize, take_initialize()); },
          [&](const ha::DropInitialize&) {
            begin(&pending_.initialize, write(action, &pending_.initialize));
          },
          [&](const ha::AcquireLeader&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::ReadoptLeader&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::GiveOutTimeline&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::ReleaseLeader&) { begin(&pending_.leader, write(action, &pending_.leader)); },
          [&](const ha::RenewLease&) { begin(&pending_.renewal, renew()); },
          [&](const ha::WriteSync&) { begin(&pending_.sync, write(action, &pending_.sync)); },
          [&](const ha::DeleteSync&) { begin(&pending_.sync, write(action, &pending_.sync)); },
          [&](const ha::ClearFailover&) { begin(&pending_.failover, write(action, &pending_.failover)); },
          [&](const ha::SetSynchronousNames& a) { begin(&pending_.synchronous_names, set_names(a.names)); },
          [&](const ha::Follow& a) {
            if (!following_) begin(&following_, follow(a.upstream));
          },
          [&](const ha::Exit&) { exits_ = true; },
          [](const auto&) {},
      },
      action);
}

awaitable<Result<dcs::Revision>> Agent::write_to_dcs(ha::Action action) {
  if (std::holds_alternative<ha::AcquireLeader>(action) ||
      std::holds_alternative<ha::ReadoptLeader>(action)) {
    const auto* acquire = std::get_if<ha::AcquireLeader>(&action);
    const bool writes_sync = acquire != nullptr && acquire->writes_sync;
    auto taken = co_await lock_.take(std::move(action), settings_);
    if (taken && writes_sync) {
      pending_.sync_in_doubt = false;
      pending_.sync_revision = *taken;
    }
    co_return taken;
  }
  if (std::holds_alternative<ha::ReleaseLeader>(action)) {
    std::optional<std::string> status;
    const auto& control_data = observer_.control_data();
    if (cached_ && control_data && control_data->is_clean())
      status = records_.final_status(*cached_, control_data->checkpoint);
    co_return co_await lock_.release(std::move(status));
  }
  const dcs::Writer writer{.self = config_.name, .leader_lease = {}, .last_status = {}};
  auto txn = dcs::txn_for(action, keys_, writer);
  if (!txn) co_return fail(Errc::internal, "no transaction for " + ha::to_string(action));
  auto done = co_await dcs::settle(&store_, *std::move(txn));
  const bool is_sync =
      std::holds_alternative<ha::WriteSync>(action) || std::holds_alternative<ha::DeleteSync>(action);
  if (is_sync) {
    pending_.sync_in_doubt = !done;
    pending_.sync_revision = done ? done->revision : 0;
  }
  if (!done) co_return tl::unexpected(done.error());
  if (!done->succeeded) co_return fail(Errc::conflict, "the key has changed meanwhile");
  co_return done->revision;
}

awaitable<void> Agent::write(ha::Action action, bool* pending) {
  const auto what = ha::to_string(action);
  const BootInstant sent = BootClock::now();
  auto written = co_await write_to_dcs(action);
  metrics_.dcs_seconds.observe(std::chrono::duration<double>(BootClock::now() - sent).count());
  if (written) {
    log::info("done", {{"write", what}, {"revision", *written}});
    if (std::holds_alternative<ha::DropInitialize>(action)) owns_bootstrap_ = false;
    co_await catch_up(*written);
  } else {
    metrics_.dcs_failures.add();
    log::warn("failed", {{"write", what}, {"error", written.error()}});
    watcher_->refresh();
    co_await async::sleep_for(retry_pause);
  }
  *pending = false;
  wake_.notify();
}

// Our own write must be in our view of the DCS before the core is asked again, or it would ask for it twice.
awaitable<void> Agent::catch_up(dcs::Revision revision) {
  const auto limit = BootClock::now() + catch_up_limit;
  while (watcher_->has_snapshot() && watcher_->snapshot().revision < revision && BootClock::now() < limit) {
    co_await async::sleep_for(2ms);
  }
  read_cluster();
}

awaitable<void> Agent::take_initialize() {
  auto txn = dcs::take_initialize(keys_);
  // The claim lives on our session: a bootstrapper that dies does not block the cluster for ever.
  for (auto& op : txn.success) {
    if (auto* put = std::get_if<dcs::Put>(&op)) put->lease = records_.session();
  }
  auto taken = co_await dcs::settle(&store_, std::move(txn));
  owns_bootstrap_ = taken && taken->succeeded;
  if (taken) co_await catch_up(taken->revision);
  if (!taken) log::warn("failed", {{"write", "take initialize"}, {"error", taken.error()}});
  pending_.initialize = false;
  wake_.notify();
}

awaitable<void> Agent::renew() {
  const bool moves = lock_.needs_new_lease(settings_) && cached_ && cached_->leader;
  const BootInstant sent = BootClock::now();
  Result<void> renewed;
  if (moves) {
    const ha::ReadoptLeader move{cached_->leader->mod_revision};
    auto moved = co_await lock_.take(move, settings_);
    if (!moved) renewed = tl::unexpected(moved.error());
  } else {
    renewed = co_await lock_.renew(settings_);
  }
  metrics_.dcs_seconds.observe(std::chrono::duration<double>(BootClock::now() - sent).count());
  if (renewed) {
    metrics_.lease_renewals.add();
    const auto server = observer_.server(member_names());
    guard_writability(server);
  } else {
    metrics_.lease_renewal_failures.add();
    metrics_.dcs_failures.add();
    log::warn("the leader's lease was not renewed", {{"error", renewed.error()}});
    co_await async::sleep_for(retry_pause);
  }
  pending_.renewal = false;
  wake_.notify();
}

awaitable<void> Agent::set_names(ha::SynchronousNames names) {
  auto set = co_await control_.set_synchronous_standby_names(print_synchronous_names(names));
  if (!set) {
    log::warn("failed", {{"setting", "synchronous_standby_names"}, {"error", set.error()}});
    co_await async::sleep_for(retry_pause);
  }
  co_await observer_.look();
  pending_.synchronous_names = false;
  wake_.notify();
}

awaitable<void> Agent::follow(ha::Name name) {
  const auto source = upstream(name);
  Result<void> followed = fail(Errc::not_found, "no usable address of " + name);
  if (source) followed = co_await control_.follow(source);
  if (followed) observer_.note_upstream(name);
  if (!followed) {
    log::warn("failed", {{"follow", name}, {"error", followed.error()}});
    co_await async::sleep_for(retry_pause);
  }
  following_ = false;
  wake_.notify();
}

// Fences 3 and 4: whenever PostgreSQL may be writable, sentinel and watchdog know until when.
void Agent::guard_writability(const ha::Server& server) {
  const auto& tenure = lock_.tenure();
  const bool may_write = server.is_writable() || jobs_.current() == ha::Job::promote;
  if (settings_.pause || (!may_write && jobs_.current() != ha::Job::start)) {
    if (sentinel_is_armed_ && sentinel_.disarm()) sentinel_is_armed_ = false;
    watchdog_.disarm();
    return;
  }
  if (!tenure.held) return;  // what was armed stays: the old deadline is the one that counts
  if (auto armed = sentinel_.arm(tenure.deadline); armed) {
    sentinel_is_armed_ = true;
  } else {
    tasks_.spawn("sentinel", [](Agent* self) -> awaitable<void> {
      auto again = co_await self->sentinel_.connect();
      if (!again)
        log::error("no sentinel: a hung agent would not be fenced by it", {{"error", again.error()}});
    }(this));
  }
  watchdog_.pet();
}

Result<void> Agent::before_writable() {
  const auto& tenure = lock_.tenure();
  if (!tenure.is_valid(BootClock::now()))
    return fail(Errc::lease_lost, "the leader lock is not held any more");
  if (!settings_.pause) {
    if (auto armed = sentinel_.arm(tenure.deadline); !armed)
      return fail("arming the sentinel", armed.error());
    sentinel_is_armed_ = true;
  }
  auto armed = watchdog_.arm(settings_.leader_ttl);
  if (!armed && watchdog_.is_required()) return fail("watchdog.mode is required", armed.error());
  if (!armed) log::debug("no watchdog", {{"error", armed.error()}});
  return {};
}

std::optional<postgres::Upstream> Agent::upstream(const ha::Name& name) const {
  const auto* member = cached_ ? cached_->member(name) : nullptr;
  if (member == nullptr) return std::nullopt;
  const auto address = parse_conn_url(member->conn_url);
  if (!address) return std::nullopt;
  return postgres::Upstream{
      .member = name,
      .host = address->host,
      .port = address->port,
      .slot = config_.postgresql.use_slots ? slot_name_of(config_.name) : std::string{}};
}

ha::SynchronousNames Agent::names_to_wait_for() const {
  const auto sync = cached_ ? dcs::to_ha(*cached_).sync : ha::SyncKey{};
  return ha::names_at_start(settings_, sync, config_.name);
}

}  // namespace holdfast::agent
