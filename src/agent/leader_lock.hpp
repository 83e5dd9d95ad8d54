#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dcs/cluster.hpp"
#include "dcs/keys.hpp"
#include "dcs/store.hpp"
#include "ha/action.hpp"
#include "ha/view.hpp"

namespace holdfast::agent {

// Our hold on the leader lock: its lease, its epoch, its deadline. Only what the DCS answered to us counts
// (EC-1); deadlines are stamped before the request leaves. Each verb is for one caller at a time.
class LeaderLock {
 public:
  LeaderLock(dcs::Store* store, dcs::Keys keys, std::string self)
      : store_{store}, keys_{std::move(keys)}, self_{std::move(self)} {}

  const ha::Tenure& tenure() const { return tenure_; }

  // The revision of the write comes back, so that the caller can wait for its cache to have it.
  // Errc::conflict: somebody else was faster. On any other error the key may or may not be ours; our lease is
  // given back then.
  awaitable<Result<dcs::Revision>> take(ha::Action action,
                                        ha::Settings settings);  // AcquireLeader or ReadoptLeader
  awaitable<Result<void>> renew(ha::Settings settings);
  awaitable<Result<dcs::Revision>> release(std::optional<std::string> last_status);

  // A look at the DCS: a key that is no longer ours ends the tenure.
  void observe(const dcs::Cluster& cluster);
  // The deadline that an earlier process of this agent left with the sentinel.
  void inherit(BootInstant deadline) { tenure_.deadline = deadline; }
  // The settings' leader_ttl differs from that of the lease: the lock has to move to a new one (EC-18).
  bool needs_new_lease(const ha::Settings& settings) const;

 private:
  dcs::Store* store_;
  dcs::Keys keys_;
  std::string self_;
  ha::Tenure tenure_;
  dcs::LeaseId lease_;
  milliseconds lease_ttl_{0};
};

}  // namespace holdfast::agent
