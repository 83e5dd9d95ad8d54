#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/sections/vip.hpp"
#include "heartbeat/local.hpp"
#include "vrrp/tracking.hpp"

// What virtual routers make their priority depend on, beside interfaces: scripts, files, processes
// (keepalived's vrrp_script, track_file, vrrp_track_process). Each watches by itself and says when its state
// has changed.
namespace holdfast::vip {

struct TrackerState {
  std::optional<bool> is_up;  // nullopt: not known yet
  std::string why;            // when it is down
  int file_value = 0;

  bool operator==(const TrackerState&) const = default;
};

class Tracker {
 public:
  explicit Tracker(std::function<void()> on_change) : on_change_{std::move(on_change)} {}
  virtual ~Tracker() = default;
  virtual awaitable<void> run() = 0;             // until it is cancelled
  virtual awaitable<void> stop() { co_return; }  // after run() has ended, before it goes
  const TrackerState& state() const { return state_; }

 protected:
  void become(TrackerState next) {
    if (next == state_) return;
    state_ = std::move(next);
    on_change_();
  }

 private:
  std::function<void()> on_change_;
  TrackerState state_;
};

// Runs the script every `interval`; exit code 0 within `timeout` is a success. `user`: whom to run it as.
std::unique_ptr<Tracker> script_tracker(config::VrrpScript script, std::optional<uid_t> user,
                                        std::function<void()> on_change);
// The number in a file; an absent or broken one counts as 0, and is said.
std::unique_ptr<Tracker> file_tracker(config::TrackFile file, std::function<void()> on_change);
// Enough processes of a name. The end of one is seen at once (pidfd), the start of one within half a second.
std::unique_ptr<Tracker> process_tracker(const asio::any_io_executor& executor, config::TrackProcess process,
                                         std::function<void()> on_change);

// Whether a process with this name and command line (arguments ended by zeros, as in /proc) is meant.
bool matches(const config::TrackProcess& wanted, std::string_view comm, std::string_view command_line);

// What the kernel calls a process, from its /proc/PID/stat; nullopt: it has ended, though nobody has waited
// for it yet, or this is no such line.
std::optional<std::string_view> comm_in(std::string_view stat);

// The number that a track_file holds; nullopt: something else.
std::optional<int> parse_track_file(std::string_view text);

}  // namespace holdfast::vip
