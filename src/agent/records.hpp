#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/leader_lock.hpp"
#include "agent/observer.hpp"
#include "agent/peers.hpp"
#include "agent/portrait.hpp"
#include "dcs/store.hpp"
#include "postgres/control.hpp"

namespace holdfast::agent {

// What a member writes beside the lock: its own record under its session lease; as the leader `status`,
// `history`, `initialize`, `config`; and the replication slots of the others. None of it is urgent for
// safety.
class Records {
 public:
  Records(dcs::Store* store, dcs::Keys keys, const config::Config* config, postgres::Control* control,
          Observer* observer, Peers* peers);

  struct Moment {
    dcs::Member member;
    std::shared_ptr<const dcs::Cluster> cluster;  // null: the DCS is not accessible
    config::DynamicConfig dynamic;
    bool leads = false;  // holds the lock, and PostgreSQL runs as primary
  };
  // One round; called about once a second and after changes. Errors are logged when they change.
  awaitable<void> keep(Moment moment);

  // The last position for `status` when the lock is given up after a clean stop; nullopt: nothing better is
  // known.
  std::optional<std::string> final_status(const dcs::Cluster& cluster, Lsn position) const;
  // The lease that the member record lives on; none before the first round.
  dcs::LeaseId session() const { return session_; }
  awaitable<Result<void>> say_goodbye(dcs::Member member);  // the record's last state

  bool awaits_checkpoint() const { return awaits_checkpoint_; }
  // Until its checkpoint is done nobody may rewind from us: pg_control still tells the old timeline (EC-113).
  // Can take minutes, so it is a task of its own.
  awaitable<void> checkpoint_after_promotion();

 private:
  awaitable<Result<void>> keep_session(milliseconds ttl);
  awaitable<Result<void>> keep_member(const dcs::Member& member);
  awaitable<Result<void>> keep_leader_records(const Moment& moment);
  awaitable<Result<void>> keep_status(const dcs::Cluster& cluster);
  awaitable<Result<void>> keep_history(const dcs::Cluster& cluster, const config::DynamicConfig& dynamic);
  awaitable<Result<void>> keep_slots(const Moment& moment);
  awaitable<Result<void>> write(dcs::Txn txn) const;
  void report(const std::string& what, const Result<void>& outcome);
  std::string config_to_restore() const;
  void cache_config(const dcs::Cluster& cluster);

  dcs::Store* store_;
  dcs::Keys keys_;
  const config::Config* config_;
  postgres::Control* control_;
  Observer* observer_;
  Peers* peers_;
  dcs::LeaseId session_;
  milliseconds session_ttl_{0};
  BootInstant session_renewed_{};
  std::string written_member_;
  dcs::LeaseId written_session_;
  std::string written_status_;
  std::string cached_config_;
  BootInstant slots_kept_{};
  std::map<std::string, BootInstant> members_seen_;  // when each was last in the DCS
  bool awaits_checkpoint_ = false;
  bool history_is_written_ = false;
  std::map<std::string, std::string> problems_;  // by what was being done, so that each is told once
};

}  // namespace holdfast::agent
