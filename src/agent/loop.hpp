#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/allowlist.hpp"
#include "agent/jobs.hpp"
#include "agent/leader_lock.hpp"
#include "agent/metrics.hpp"
#include "agent/observer.hpp"
#include "agent/operations.hpp"
#include "agent/peers.hpp"
#include "agent/portrait.hpp"
#include "agent/records.hpp"
#include "agent/rest.hpp"
#include "agent/sentinel.hpp"
#include "agent/watchdog.hpp"
#include "config/load.hpp"
#include "dcs/etcd/store.hpp"
#include "dcs/etcd/watcher.hpp"
#include "ha/decision.hpp"

namespace holdfast::agent {

// A starting agent waits so long for the DCS before it acts without.
inline constexpr milliseconds first_contact_limit = 3s;
// After a failed write, before the core is asked again.
inline constexpr milliseconds retry_pause = 100ms;

// The loop around the HA core: observe (loop_observe.cpp), decide and act (loop_act.cpp), what goes on beside
// it (loop_beside.cpp), its beginning and end (loop_life.cpp). It holds no judgement of its own.
class Agent {
 public:
  Agent(const asio::any_io_executor& executor, config::Loaded loaded, config::LoadRequest request);

  awaitable<int> run();
  void order_stop();
  void order_reload();

 private:
  // observe
  ha::View view();
  std::shared_ptr<const dcs::Cluster> cluster() const;
  void read_cluster();
  void take_dynamic(const dcs::Cluster& cluster);
  bool waits_for_first_contact() const;
  bool leader_history_is_current() const;
  Portrait portrait(const ha::Server& server) const;
  std::vector<std::string> member_names() const;

  // decide and act
  awaitable<void> decide_forever();
  BootInstant step();
  void note(const ha::Decision& decision);
  void note_promotion();
  void act(const ha::Action& action);
  awaitable<void> write(ha::Action action, bool* pending);
  awaitable<Result<dcs::Revision>> write_to_dcs(ha::Action action);
  awaitable<void> take_initialize();
  awaitable<void> renew();
  awaitable<void> set_names(ha::SynchronousNames names);
  awaitable<void> follow(ha::Name upstream);
  awaitable<void> catch_up(dcs::Revision revision);
  void guard_writability(const ha::Server& server);
  Result<void> before_writable();
  std::optional<postgres::Upstream> upstream(const ha::Name& name) const;
  ha::SynchronousNames names_to_wait_for() const;

  // beside the loop
  awaitable<void> keep_records();
  awaitable<void> learn_leader_history();
  awaitable<void> keep_etcd_leader_off();
  awaitable<void> feed_metrics();
  awaitable<void> keep_allowlist();
  awaitable<void> reload();
  awaitable<void> apply_dynamic();
  awaitable<Result<void>> refuse_twin();
  awaitable<Result<void>> start_serving();
  awaitable<void> shut_down();

  asio::any_io_executor executor_;
  config::LoadRequest request_;
  config::Config config_;
  config::DynamicConfig dynamic_;
  std::string dynamic_text_;
  ha::Settings settings_;
  dcs::Keys keys_;
  BootInstant started_ = BootClock::now();

  Registry registry_;
  Metrics metrics_;
  async::Event wake_;
  async::Event records_wake_;
  async::Event allowlist_wake_;
  http::Resolver resolver_;
  dcs::EtcdStore store_;
  postgres::Control control_;
  CallbackRunner callbacks_;
  Observer observer_;
  Peers peers_;
  LeaderLock lock_;
  SentinelClient sentinel_;
  Watchdog watchdog_;
  Jobs jobs_;
  Records records_;
  AgentOperations operations_;
  heartbeat::Publisher publisher_;
  rest::RestApi rest_;
  async::TaskGroup tasks_;
  std::unique_ptr<dcs::ClusterWatcher> watcher_;
  std::unique_ptr<http::Server> server_;

  std::shared_ptr<const dcs::Cluster> cached_;
  ha::Memory memory_;
  ha::PendingWrites pending_{.sync_in_doubt = true};  // of a process before us
  bool following_ = false;
  bool owns_bootstrap_ = false;
  bool is_stopping_ = false;
  bool exits_ = false;
  bool is_handing_over_ = false;
  bool sentinel_is_armed_ = false;
  BootInstant decided_at_{};
  BootInstant promoted_at_{};  // the promotion that was seen to last
  std::string reason_;
  std::string shown_state_;
  std::optional<TimelineHistory> leader_history_;
  std::string history_problem_;  // as it was last logged
};

}  // namespace holdfast::agent
