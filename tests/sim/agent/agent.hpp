#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dcs/ha_mapping.hpp"
#include "ha/decision.hpp"
#include "ha/suspicion.hpp"
#include "route/events.hpp"
#include "sim/etcd/etcd.hpp"

namespace holdfast::sim {

class World;
class Node;

// What one agent tells the others ten times a second.
struct Beat {
  ha::Peer says;
};

// The shell around ha::decide() in simulated time: observes, decides, acts. It holds no rule of its own; what
// the production agent does beside the decisions (member record, `status`, `initialize`, `config`) is in
// duties.cpp.
class Agent {
 public:
  Agent(World& world, Node& node) : world_{world}, node_{node} {}

  void start();
  void crash();
  void terminate();  // SIGTERM
  void wake();       // something may have changed: decide soon
  void on_seen(SeenPtr seen);
  void on_beat(int from, const Beat& beat);
  route::HeartbeatSeen answer(BootInstant asked_at) const;  // to a proxy's question

  const ha::Tenure& tenure() const { return tenure_; }
  const std::string& reason() const { return reason_; }
  std::string_view rule() const { return rule_; }
  bool was_told_to_stop() const { return is_stopping_; }
  ha::View observe() const;

 private:
  using Action = ha::Action;
  void step(Task task);
  BootInstant now() const;
  void decide_now();
  void record(const ha::Decision& decision);
  void act(const Action& action);
  void wake_at(BootInstant when);
  ha::Server observe_server() const;
  std::vector<ha::Standby> observe_standbys() const;
  std::optional<TimelineHistory> observe_leader_history() const;

  // jobs.cpp
  void begin_job(const Action& action);
  void run_job(const Action& action, const std::function<void(bool, std::string)>& done);
  void end_job(ha::Job job, bool ok, std::string problem);
  void run_clone(int source, std::function<void(bool, std::string)> done);
  void run_rewind(int source, std::function<void(bool, std::string)> done);
  void run_set_aside(std::function<void(bool, std::string)> done);
  bool may_become_primary_now() const;

  // writes.cpp
  struct Lock {
    Epoch epoch;
    std::uint64_t store = 0;    // which etcd, before or after a wipe
    std::int64_t revision = 0;  // of the answer; 0: there was none
  };
  bool* pending_of(const Action& action);
  void begin_write(const Action& action);
  void begin_claim(const Action& action);
  void read_after_claim();
  void end_claim();
  void begin_acquire(const Action& action);
  void send_leader_write(const Action& action, dcs::LeaseId lease, BootInstant sent);
  void settle(int tries, std::function<void(std::optional<SeenPtr>)> done);
  void submit(const dcs::Txn& txn, std::function<void(bool applied, Lock lock)> done);
  void renew();
  void hold(dcs::LeaseId lease, Lock lock, BootInstant sent);
  BootInstant deadline_of(BootInstant sent) const;
  dcs::Writer writer(dcs::LeaseId lease) const;

  // duties.cpp
  void tick();
  void beat();
  void do_duties();
  void do_leader_duties();
  void keep_member_lease();
  void put_member();
  std::string member_text() const;
  void put(dcs::Txn txn);

  World& world_;
  Node& node_;
  BootInstant started_at_{};
  ha::Settings settings_;
  ha::Memory memory_;
  ha::Tenure tenure_;
  ha::PendingWrites pending_;
  ha::Job job_ = ha::Job::none;
  int job_number_ = 0;
  std::optional<ha::JobReport> last_job_;
  SeenPtr seen_;
  BootInstant last_contact_{};
  bool owns_bootstrap_ = false;
  bool is_stopping_ = false;
  bool believes_server_up_ = false;
  bool wake_due_ = false;
  BootInstant wake_set_for_ = BootInstant::max();
  std::map<ha::Name, ha::Peer> peers_;
  std::map<ha::Name, ha::Suspicion> suspicions_;
  std::map<ha::Name, bool> was_heard_;
  dcs::LeaseId leader_lease_;
  dcs::LeaseId member_lease_;
  bool member_lease_asked_ = false;
  std::string member_written_;
  bool member_write_due_ = false;
  bool is_handing_over_ = false;
  std::string reason_;
  std::string_view rule_;
  int ticks_ = 0;
};

}  // namespace holdfast::sim
