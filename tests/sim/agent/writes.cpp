#include "base/overload.hpp"
#include "dcs/transactions.hpp"
#include "ha/lease.hpp"
#include "sim/agent/agent.hpp"
#include "sim/core/world.hpp"

// Writes to the DCS: the production transactions; a lost reply is resolved by reading (EC-11).
namespace holdfast::sim {
namespace {

constexpr int settle_tries = 3;
constexpr SimTime claim_pause = 100ms;

// A candidate that looks at nothing but the lock. Its numbers are its own, so that what it lacks tells on it
// and not what its timeline is called.
void forget_what_was_judged(const dcs::Keys& keys, int candidate, dcs::Txn& txn) {
  std::erase_if(txn.compares, [&](const dcs::Compare& compare) {
    return compare.key == keys.sync() || compare.key == keys.timeline();
  });
  for (auto& op : txn.success) {
    auto* put = std::get_if<dcs::Put>(&op);
    if (put == nullptr || put->key != keys.timeline()) continue;
    put->value = fmt::format("{}", std::stoi(put->value) + 100 * (candidate + 1));
  }
}

}  // namespace

dcs::Writer Agent::writer(dcs::LeaseId lease) const {
  return {.self = node_.host.name, .leader_lease = lease};
}

BootInstant Agent::deadline_of(BootInstant sent) const {
  const BootInstant from = world_.mutant.stamps_at_reply ? now() : sent;
  return ha::lease_deadline(from, settings_.leader_ttl, settings_.clock_drift_max);
}

bool* Agent::pending_of(const Action& action) {
  return std::visit(Overload{
                        [&](const ha::TakeInitialize&) { return &pending_.initialize; },
                        [&](const ha::DropInitialize&) { return &pending_.initialize; },
                        [&](const ha::WriteSync&) { return &pending_.sync; },
                        [&](const ha::DeleteSync&) { return &pending_.sync; },
                        [&](const ha::ClearFailover&) { return &pending_.failover; },
                        [&](const auto&) { return &pending_.leader; },
                    },
                    action);
}

void Agent::begin_write(const Action& action) {
  bool* pending = pending_of(action);
  if (*pending) return;
  *pending = true;
  const bool needs_lease =
      std::holds_alternative<ha::AcquireLeader>(action) || std::holds_alternative<ha::ReadoptLeader>(action);
  if (needs_lease) return begin_acquire(action);
  if (std::holds_alternative<ha::TakeInitialize>(action)) return begin_claim(action);
  const auto txn = dcs::txn_for(action, world_.keys, writer(leader_lease_));
  submit(*txn, [this, action, pending](bool applied, Lock lock) {
    *pending = false;
    if (pending == &pending_.sync) {
      pending_.sync_in_doubt = lock.revision == 0;
      pending_.sync_revision = lock.revision;
    }
    if (applied && std::holds_alternative<ha::DropInitialize>(action)) owns_bootstrap_ = false;
    if (applied && std::holds_alternative<ha::ReleaseLeader>(action)) {
      tenure_.held = false;
      leader_lease_ = {};
    }
    world_.trace.say(world_.now(), node_.host.name, "{}: {}", to_string(action),
                     applied ? "done" : "refused or unknown");
    wake();
  });
}

// The claim lives on the member's lease: a bootstrapper that dies does not block the cluster for ever.
void Agent::begin_claim(const Action& action) {
  const auto answer = [this, action](bool applied) {
    owns_bootstrap_ = applied;
    world_.trace.say(world_.now(), node_.host.name, "{}: {}", to_string(action),
                     applied ? "done" : "refused or unknown");
    if (applied) return read_after_claim();
    world_.after(node_, claim_pause, [this] { end_claim(); });
  };
  if (!member_lease_) return answer(false);
  auto txn = dcs::take_initialize(world_.keys);
  std::get<dcs::Put>(txn.success.front()).lease = member_lease_;
  submit(txn, [answer](bool applied, Lock) { answer(applied); });
}

// A view from before the claim would make us claim again, and be refused by ourselves.
void Agent::read_after_claim() {
  settle(settle_tries, [this](std::optional<SeenPtr> read) {
    if (read) on_seen(*read);
    end_claim();
  });
}

void Agent::end_claim() {
  pending_.initialize = false;
  wake();
}

void Agent::begin_acquire(const Action& action) {
  const BootInstant sent = now();
  const auto ttl = settings_.leader_ttl;
  const int life = node_.agent_process.life();
  world_.etcd.call<dcs::LeaseId>(
      node_.host.index, [ttl](dcs::Kv& kv, BootInstant at) { return kv.grant(ttl, at); },
      [this, life, action, sent](std::optional<dcs::LeaseId> lease) {
        node_.agent_process.step(life, [this, action, sent, lease] {
          if (lease) return send_leader_write(action, *lease, sent);
          pending_.leader = false;
          wake();
        });
      });
}

void Agent::send_leader_write(const Action& action, dcs::LeaseId lease, BootInstant sent) {
  auto txn = dcs::txn_for(action, world_.keys, writer(lease));
  if (world_.mutant.ignores_sync_revision && std::holds_alternative<ha::AcquireLeader>(action)) {
    forget_what_was_judged(world_.keys, node_.host.index, *txn);
  }
  submit(*txn, [this, action, lease, sent](bool applied, Lock lock) {
    pending_.leader = false;
    world_.trace.say(world_.now(), node_.host.name, "{}: {}", to_string(action),
                     applied ? "done" : "refused or unknown");
    if (applied) hold(lease, lock, sent);
    const auto* acquire = std::get_if<ha::AcquireLeader>(&action);
    if (applied && acquire != nullptr && acquire->writes_sync) pending_.sync_in_doubt = false;
    wake();
  });
}

void Agent::hold(dcs::LeaseId lease, Lock lock, BootInstant sent) {
  leader_lease_ = lease;
  tenure_ = {.held = true, .epoch = lock.epoch, .deadline = deadline_of(sent), .renewed_at = sent};
  node_.sentinel.feed(world_, node_, tenure_.deadline);
  // The answer of a store that was wiped meanwhile: its revisions started again.
  if (lock.store == world_.etcd.kv.cluster_id()) world_.checkers.on_tenure(world_, node_, lock.epoch);
}

void Agent::renew() {
  if (pending_.renewal) return;
  pending_.renewal = true;
  const BootInstant sent = now();
  const auto lease = leader_lease_;
  const int life = node_.agent_process.life();
  world_.etcd.call<bool>(
      node_.host.index, [lease](dcs::Kv& kv, BootInstant at) { return kv.keepalive(lease, at).has_value(); },
      [this, life, lease, sent](std::optional<bool> alive) {
        node_.agent_process.step(life, [this, lease, sent, alive] {
          pending_.renewal = false;
          if (lease == leader_lease_ && alive == false) tenure_.held = false;
          if (lease == leader_lease_ && alive == true && tenure_.held) {
            tenure_.deadline = std::max(tenure_.deadline, deadline_of(sent));
            tenure_.renewed_at = sent;
            node_.sentinel.feed(world_, node_, tenure_.deadline);
          }
          if (!alive || !*alive) wake();
        });
      });
}

// Runs a transaction and finds out whether it took effect; the epoch is that of the lock afterwards.
void Agent::submit(const dcs::Txn& txn, std::function<void(bool, Lock)> done) {
  const int life = node_.agent_process.life();
  using Applied = std::pair<bool, Lock>;
  const auto apply = [txn, keys = &world_.keys](dcs::Kv& kv, BootInstant at) -> Applied {
    const auto result = kv.apply(txn, at);
    if (!result) return {false, {}};
    if (!result->succeeded) return {false, Lock{.revision = result->revision}};
    const auto snapshot = kv.range(keys->leader());
    const auto* leader = snapshot.find(keys->leader());
    return {true,
            Lock{Epoch{leader == nullptr ? 0 : leader->create_revision}, kv.cluster_id(), result->revision}};
  };
  world_.etcd.call<Applied>(node_.host.index, apply, [this, life, txn, done](std::optional<Applied> answer) {
    node_.agent_process.step(life, [this, txn, done, answer] {
      if (answer) return done(answer->first, answer->second);
      const auto store = world_.etcd.kv.cluster_id();
      if (world_.mutant.trusts_lost_replies) {
        const auto known = seen_ ? seen_->cluster.leader : std::nullopt;
        return done(true, Lock{known ? dcs::epoch_of(*known) : Epoch{1}, store});
      }
      settle(settle_tries, [txn, done, store](std::optional<SeenPtr> read) {
        if (!read) return done(false, {});
        const auto& leader = (*read)->cluster.leader;
        if (!dcs::was_applied(txn, (*read)->snapshot)) return done(false, {});
        done(true, Lock{leader ? dcs::epoch_of(*leader) : Epoch{}, store, (*read)->snapshot.revision});
      });
    });
  });
}

// Reads until an answer comes, a few times.
void Agent::settle(int tries, std::function<void(std::optional<SeenPtr>)> done) {
  if (tries == 0) return done(std::nullopt);
  const int life = node_.agent_process.life();
  world_.etcd.call<SeenPtr>(
      node_.host.index, [this](dcs::Kv&, BootInstant) { return world_.etcd.seen(); },
      [this, life, tries, done](std::optional<SeenPtr> read) {
        node_.agent_process.step(life, [this, tries, done, read] {
          if (read) return done(read);
          settle(tries - 1, done);
        });
      });
}

}  // namespace holdfast::sim
