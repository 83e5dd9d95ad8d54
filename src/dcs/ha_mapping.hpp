#pragma once

#include <optional>
#include <string>

#include "dcs/cluster.hpp"
#include "dcs/keys.hpp"
#include "dcs/types.hpp"
#include "ha/action.hpp"
#include "ha/view.hpp"

// Between the keys as Patroni writes them and what ha::decide() looks at and asks for. Pure; the agent and
// the simulator use the same functions.
namespace holdfast::dcs {

ha::Cluster to_ha(const Cluster& cluster);

// Patroni's tags as it reads them: `nofailover`, `nosync`, `failover_priority`, `sync_priority`,
// `replicatefrom`. A value of the wrong type counts as not given.
ha::Tags tags_of(const boost::json::object& tags);

struct Writer {
  std::string self;
  LeaseId leader_lease;                    // of AcquireLeader and ReadoptLeader
  std::optional<std::string> last_status;  // ReleaseLeader: the final `status`
};

// The transaction that an action asks for; nullopt: it is not a transaction.
std::optional<Txn> txn_for(const ha::Action& action, const Keys& keys, const Writer& writer);

// The epoch of the lock as stored: its creation, which a re-put by the same holder does not change.
Epoch epoch_of(const LeaderLock& lock);

}  // namespace holdfast::dcs
