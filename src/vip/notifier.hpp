#pragma once

#include <sys/types.h>

#include <deque>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/sections/vip.hpp"

namespace holdfast::vip {

// keepalived's words after a transition.
enum class NotifyState {
  master,
  backup,
  fault,
  stop,
  deleted,
  master_rx_lower_pri,
  master_priority,
  backup_priority
};
std::string_view to_string(NotifyState state) noexcept;  // "MASTER", "MASTER_RX_LOWER_PRI", …

struct Notice {
  bool is_group = false;
  std::string name;
  NotifyState state = NotifyState::backup;
  int priority = 0;

  bool operator==(const Notice&) const = default;
};
// `INSTANCE "VI_1" MASTER 100`: a line of the FIFO.
std::string print_notice(const Notice& notice);
// What is run for it, with keepalived's arguments where it is the general `notify` script.
std::vector<std::string> commands_for(const config::NotifyConfig& config, const Notice& notice);

// Runs notify scripts one after another, in the order of the transitions, and tells the FIFO. A script that
// hangs is killed after a minute, and what is too much for the scripts is left out: a failure is logged and
// changes nothing.
class Notifier {
 public:
  Notifier(const asio::any_io_executor& executor, std::string fifo, std::optional<uid_t> user);
  ~Notifier();

  void set(std::string fifo, std::optional<uid_t> user);
  void tell(const config::NotifyConfig& config, const Notice& notice);
  awaitable<void> finish(milliseconds limit);  // until what is queued has run
  awaitable<void> stop();

 private:
  awaitable<void> run();
  void enqueue(std::string command);
  void open_fifo();
  void write_fifo(const Notice& notice);

  std::string fifo_;
  std::optional<uid_t> user_;
  int fifo_fd_ = -1;
  std::deque<std::string> queue_;
  bool is_behind_ = false;  // more than the queue takes; said once
  bool is_running_ = false;
  async::Event idle_;
  async::TaskGroup tasks_;
};

}  // namespace holdfast::vip
