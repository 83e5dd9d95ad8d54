#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/config.hpp"
#include "heartbeat/local.hpp"
#include "netlink/monitor.hpp"
#include "netlink/socket.hpp"
#include "vip/claimer.hpp"
#include "vip/instance.hpp"
#include "vip/notifier.hpp"
#include "vip/trackers.hpp"
#include "vrrp/sync_group.hpp"

namespace holdfast::vip {

// A change of state, kept for whoever asks why.
struct Passage {
  WallInstant at{};
  std::string instance;
  vrrp::Transition transition;
  int priority = 0;
};

struct SpeakerOptions {
  config::Config config;
  std::optional<uid_t> script_user;   // of scripts without a user of their own; nullopt: ours
  std::vector<uid_t> proxy_users;     // whom the proxy of this host may run as
  std::unique_ptr<dcs::Store> store;  // for ownership: lease; null: none is configured
};

// The role vip: every virtual router of this host. It asks the state machine (vrrp::Ensemble) about
// everything that happens, and does what it says. Belongs to one executor.
class Speaker {
 public:
  // Errc::permission_denied: capabilities are missing.
  static Result<std::unique_ptr<Speaker>> open(const asio::any_io_executor& executor, SpeakerOptions options);
  ~Speaker();

  void start();
  // Takes over what may change: priorities, intervals, addresses, instances, scripts. A master stays master.
  void reload(config::Config config, std::optional<uid_t> script_user);
  // Priority 0 and no address any more; notify_stop scripts have run, for a while at least.
  awaitable<void> stop();

  // Everything that is seen from outside, for documents and metrics.
  struct Row {
    const Instance* instance = nullptr;
    const vrrp::RouterView* view = nullptr;
    std::vector<vrrp::Tracked> tracked;
    std::string fault;  // why its interface can't be used; empty: it can
  };
  std::vector<Row> rows() const;
  const config::Config& config() const { return config_; }
  const std::deque<Passage>& passages() const { return passages_; }  // the newest last
  const vrrp::Ensemble& ensemble() const { return ensemble_; }
  const std::optional<heartbeat::Wellbeing>& proxy() const { return proxy_wellbeing_; }
  std::map<std::string, TrackerState> scripts() const;

 private:
  // One virtual router; its place is that in the ensemble. `instance` is null once a reload took it away.
  struct Slot {
    std::unique_ptr<Instance> instance;
    std::string fault;
    std::unique_ptr<Claimer> claimer;
  };
  using Steps = std::vector<vrrp::NamedStep>;

  Speaker(const asio::any_io_executor& executor, SpeakerOptions options);
  Result<void> look_at_host();

  // speaker.cpp: what happens
  awaitable<void> keep_time();
  awaitable<void> watch_host();
  awaitable<void> follow_host();
  void on_host_change();
  void settle_all();
  void begin(std::size_t place);
  void apply(const Steps& steps);
  void perform(Slot& slot, const vrrp::Action& action);
  void note_transition(std::size_t place, const vrrp::Transition& transition);
  void note_groups();
  void note_priority(std::size_t place);
  Slot& make_slot(const config::VrrpInstance& config);
  void remove(std::size_t place);
  awaitable<void> retire(std::unique_ptr<Instance> instance, std::unique_ptr<Claimer> claimer);

  // speaker_tracking.cpp: what is tracked
  // A tracker with what it was made of.
  struct Watched {
    std::variant<config::VrrpScript, config::TrackFile, config::TrackProcess> config;
    std::unique_ptr<Tracker> tracker;
    std::shared_ptr<async::TaskGroup> task;
  };
  using Trackers = std::map<std::string, Watched>;  // "script chk_disk"
  void make_trackers();
  std::unique_ptr<Tracker> make_tracker(const config::VrrpScript& script);
  std::unique_ptr<Tracker> make_tracker(const config::TrackFile& file);
  std::unique_ptr<Tracker> make_tracker(const config::TrackProcess& process);
  void end_trackers(Trackers& trackers);
  awaitable<void> end_tracking(Watched watched);
  void watch_proxy();
  std::vector<vrrp::Tracked> tracked_of(const Slot& slot) const;
  vrrp::Standing standing_of(const Slot& slot) const;
  void reassess_all();

  asio::any_io_executor executor_;
  config::Config config_;
  std::optional<uid_t> script_user_;
  std::vector<uid_t> proxy_users_;
  std::unique_ptr<dcs::Store> store_;
  std::unique_ptr<netlink::Socket> kernel_;
  std::unique_ptr<netlink::Monitor> monitor_;
  Host host_;
  std::vector<IpAddress> removed_;  // from this host, and not looked at yet
  std::vector<Slot> slots_;
  vrrp::Ensemble ensemble_;
  std::map<std::string, vrrp::State> group_states_;
  Trackers trackers_;
  std::unique_ptr<heartbeat::LocalSubscriber> proxy_subscriber_;
  std::optional<heartbeat::Wellbeing> proxy_wellbeing_;  // nullopt: nobody tracks it
  std::map<std::size_t, int> priorities_;                // as last notified
  std::deque<Passage> passages_;
  Notifier notifier_;
  bool is_running_ = false;
  async::Event wake_;
  async::Event host_changed_;
  async::TaskGroup tasks_;
  async::TaskGroup endings_;  // of what a reload took away
};

}  // namespace holdfast::vip
