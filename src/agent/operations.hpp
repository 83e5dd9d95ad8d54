#pragma once

#include <functional>

#include "agent/jobs.hpp"
#include "agent/peers.hpp"
#include "agent/rest_operations.hpp"
#include "agent/rest_view.hpp"
#include "config/dynamic.hpp"
#include "dcs/keys.hpp"
#include "dcs/store.hpp"

namespace holdfast::agent {

// The unsafe verbs of the REST API: most are a write to the DCS, that the leader then acts on.
class AgentOperations : public rest::Operations {
 public:
  struct Sources {
    std::function<std::shared_ptr<const dcs::Cluster>()> cluster;  // null: the DCS is not accessible
    std::function<config::DynamicConfig()> dynamic;
    std::function<bool()> is_leader;
    std::function<void()> reload;  // read the configuration file again
  };
  AgentOperations(const asio::any_io_executor& executor, dcs::Store* store, dcs::Keys keys, std::string self,
                  Jobs* jobs, Observer* observer, Peers* peers, Sources sources);

  awaitable<rest::Answer> patch_config(boost::json::object changes) override;
  awaitable<rest::Answer> put_config(boost::json::object config) override;
  awaitable<rest::Answer> switchover(rest::SwitchoverOrder order) override;
  awaitable<rest::Answer> delete_switchover() override;
  awaitable<rest::Answer> restart(rest::RestartOrder order) override;
  awaitable<rest::Answer> delete_restart() override;
  awaitable<rest::Answer> reload() override;
  awaitable<rest::Answer> reinitialize(rest::ReinitializeOrder order) override;
  awaitable<rest::Answer> failsafe(rest::FailsafeAnnouncement announcement) override;
  awaitable<std::vector<std::string>> good_candidates(std::vector<std::string> members) override;

  const std::optional<rest::ScheduledRestart>& scheduled_restart() const { return scheduled_; }
  awaitable<void> stop();

 private:
  awaitable<rest::Answer> follow_outcome(rest::SwitchoverOrder order, dcs::Revision written);
  awaitable<rest::Answer> restart_now(rest::RestartOrder order);
  awaitable<void> restart_at(WallInstant when, rest::RestartOrder order);
  bool restart_applies(const rest::RestartOrder& order) const;
  awaitable<void> rebuild();

  dcs::Store* store_;
  dcs::Keys keys_;
  std::string self_;
  Jobs* jobs_;
  Observer* observer_;
  Peers* peers_;
  Sources sources_;
  std::optional<rest::ScheduledRestart> scheduled_;
  std::uint64_t schedule_number_ = 0;
  async::TaskGroup tasks_;
};

}  // namespace holdfast::agent
