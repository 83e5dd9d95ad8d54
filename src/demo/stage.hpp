#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/child_process.hpp"
#include "async/task_group.hpp"
#include "demo/layout.hpp"
#include "demo/wires.hpp"
#include "drill/hands.hpp"

namespace holdfast::demo {

// The demo's nodes as processes of this machine. It starts each as `holdfast run --node NAME` in a session of
// its own and ends all that belongs to it; processes of an earlier run that died are found by what they
// provably are (drill/processes).
class Stage {
 public:
  Stage(const asio::any_io_executor& executor, Layout layout, std::string program);

  // Makes the directories, passwords (kept from an earlier run) and the configuration file. Errc::refused:
  // another demo is running on this data; Errc::conflict: an address is taken, and by whom.
  Result<void> prepare();
  // Ends what an earlier run left behind; how many processes there were.
  awaitable<std::size_t> sweep();
  Result<void> check_ports() const;
  // After sweep(), before the first start(): makes the network, or looks that the addresses are free.
  Result<void> make_room();

  Result<void> start(const std::string& node);
  bool is_running(const std::string& node) const;  // its supervisor lives
  bool is_frozen(const std::string& node) const;
  // SIGTERM to the supervisors, which stop PostgreSQL and etcd in order; what is left after `limit` is
  // killed.
  awaitable<void> stop_all(nanoseconds limit);
  void remove_data();
  awaitable<void> close();  // before it goes

  const Layout& layout() const { return layout_; }
  std::vector<drill::NodeProcess> processes(const std::string& node) const;
  std::vector<drill::NodeTraits> traits() const;

 private:
  awaitable<void> reap(std::string node, async::ChildProcess child);
  std::size_t left(bool guarded) const;  // processes; `guarded`: sentinels not counted
  void signal_supervisors(int signal);
  void kill_all();

  async::TaskGroup tasks_;
  Layout layout_;
  std::string program_;
  int lock_ = -1;
  std::optional<Wires> wires_;
};

}  // namespace holdfast::demo
