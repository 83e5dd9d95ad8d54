#pragma once

#include <functional>
#include <optional>
#include <string>

#include "drill/hands.hpp"
#include "drill/observer.hpp"
#include "drill/plan.hpp"
#include "drill/probe.hpp"
#include "drill/report.hpp"

namespace holdfast::drill {

// A cluster under load and under observation, on which drills are run. Stop it before it goes.
class Scene {
 public:
  Scene(const asio::any_io_executor& executor, Places places, ProbeOptions load, Hands& hands);

  void observe();                                   // starts looking
  awaitable<Result<void>> load(nanoseconds limit);  // makes the table and starts writers and readers
  awaitable<void> stop_load();
  awaitable<void> stop();

  using Condition = std::function<bool()>;
  // False: `limit` passed first.
  awaitable<bool> wait_for(Condition condition, nanoseconds limit);
  // All members, proxies and etcd healthy, and writes acknowledged just now (when there is load). Left empty
  // on success, else the doubts that remain.
  awaitable<std::vector<std::string>> wait_until_healthy(nanoseconds limit);
  // From now on health needs no synchronous standby, if there is none now.
  void accept_asynchronous();
  awaitable<Result<void>> strike(Blow blow);
  awaitable<Result<void>> switch_over(std::string leader);

  // Does the plan's deed, holds it for `hold`, undoes it. The step's window begins here.
  awaitable<Result<Step>> begin(const Plan& plan, milliseconds hold);
  // Waits for the cluster to be whole again, and measures.
  awaitable<void> finish(Step& step, nanoseconds limit);
  void measure(Step& step) const;  // what clients felt in its window
  bool writes_flow() const;        // or there is no load

  Observer& observer() { return observer_; }
  Probe& probe() { return probe_; }
  Report report(std::string title, ProbeResult result) const;

 private:
  async::TaskGroup load_tasks_;
  async::TaskGroup observer_tasks_;
  Observer observer_;
  Probe probe_;
  Hands& hands_;
  bool loaded_ = false;
  bool is_synchronous_ = true;
  BootInstant started_;
  WallInstant started_at_;
};

}  // namespace holdfast::drill
