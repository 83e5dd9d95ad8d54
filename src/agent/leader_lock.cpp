#include "agent/leader_lock.hpp"

#include "base/check.hpp"
#include "dcs/etcd/settle.hpp"
#include "dcs/ha_mapping.hpp"
#include "ha/lease.hpp"

namespace holdfast::agent {

awaitable<Result<dcs::Revision>> LeaderLock::take(ha::Action action, ha::Settings settings) {
  const BootInstant sent = BootClock::now();
  auto lease = co_await store_->grant(std::chrono::ceil<seconds>(settings.leader_ttl));
  if (!lease) co_return fail("granting the leader's lease", lease.error());
  const dcs::Writer writer{.self = self_, .leader_lease = *lease, .last_status = {}};
  auto txn = dcs::txn_for(action, keys_, writer);
  CHECK(txn.has_value());
  auto taken = co_await dcs::settle(store_, std::move(*txn));
  if (!taken || !taken->succeeded) {
    // If the write is still on its way, it fails or its key dies with the lease: nobody is locked out by us.
    auto revoked = co_await store_->revoke(*lease);
    if (!taken) co_return fail("taking the leader lock", taken.error());
    co_return fail(Errc::conflict, "another member was faster");
  }
  const bool is_readopted = std::holds_alternative<ha::ReadoptLeader>(action);
  const auto old_lease = std::exchange(lease_, *lease);
  lease_ttl_ = settings.leader_ttl;
  tenure_.held = true;
  tenure_.renewed_at = sent;
  tenure_.deadline = ha::lease_deadline(sent, settings.leader_ttl, settings.clock_drift_max);
  if (!is_readopted) tenure_.epoch = Epoch{taken->revision};
  if (old_lease) auto revoked = co_await store_->revoke(old_lease);
  co_return taken->revision;
}

awaitable<Result<void>> LeaderLock::renew(ha::Settings settings) {
  const BootInstant sent = BootClock::now();
  const auto lease = lease_;
  auto left = co_await store_->keepalive(lease);
  if (!left) {
    if (left.error().code == Errc::lease_lost && lease == lease_) tenure_.held = false;
    co_return fail("renewing the leader's lease", left.error());
  }
  if (lease != lease_ || !tenure_.held) co_return fail(Errc::lease_lost, "the lock was given up meanwhile");
  tenure_.renewed_at = sent;
  tenure_.deadline = ha::lease_deadline(sent, lease_ttl_, settings.clock_drift_max);
  co_return Result<void>{};
}

awaitable<Result<dcs::Revision>> LeaderLock::release(std::optional<std::string> last_status) {
  const dcs::Writer writer{.self = self_, .leader_lease = lease_, .last_status = std::move(last_status)};
  auto txn = dcs::txn_for(ha::ReleaseLeader{}, keys_, writer);
  CHECK(txn.has_value());
  auto released = co_await dcs::settle(store_, std::move(*txn));
  if (!released) co_return fail("releasing the leader lock", released.error());
  tenure_.held = false;
  tenure_.deadline = {};
  if (lease_) auto revoked = co_await store_->revoke(std::exchange(lease_, {}));
  co_return released->revision;
}

void LeaderLock::observe(const dcs::Cluster& cluster) {
  std::optional<ha::LeaderKey> leader;
  if (cluster.leader) leader = ha::LeaderKey{cluster.leader->name, cluster.leader->mod_revision};
  tenure_ = ha::tenure_after(tenure_, leader, self_, cluster.revision);
  // The key's creation is the epoch; after a readoption, or a reply that was lost, this is where we learn it.
  if (tenure_.held && cluster.leader && cluster.leader->name == self_)
    tenure_.epoch = dcs::epoch_of(*cluster.leader);
}

bool LeaderLock::needs_new_lease(const ha::Settings& settings) const {
  return tenure_.held && lease_ttl_ != settings.leader_ttl;
}

}  // namespace holdfast::agent
