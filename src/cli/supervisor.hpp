#pragma once

#include <memory>
#include <vector>

#include "async/asio.hpp"
#include "cli/run_plan.hpp"

namespace holdfast::cli {

// Keeps roles running, each a process of its own: one that ends is started again after a growing pause; the
// others never notice. Belongs to one executor.
class Supervisor {
 public:
  Supervisor(const asio::any_io_executor& executor, std::vector<RolePlan> plans);
  ~Supervisor();

  void start();
  void forward(int signal);  // to every role that runs
  // Ends all, turn by turn (RolePlan::stop_turn); returns when the last is gone.
  awaitable<void> stop();

  std::vector<pid_t> pids() const;  // of the roles that run

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Orphans of a role that crashed (PostgreSQL, the sentinel) become our children, so that a new agent finds
// them where the old one left them; this takes those that have ended off the process table, and touches no
// role.
void become_subreaper();
void reap_orphans(const std::vector<pid_t>& roles);

}  // namespace holdfast::cli
