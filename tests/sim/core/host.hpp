#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "sim/core/event_queue.hpp"

namespace holdfast::sim {

// A machine: its clock runs at a rate of its own, and stops with it when a hypervisor pauses it.
class Host {
 public:
  std::string name;
  int index = 0;  // its place in the network
  bool is_up = true;
  bool is_paused = false;
  // A hypervisor stopped its clock: what it thinks of its lease is wrong by more than rho (design 2-ha, fence
  // 5).
  bool lost_time = false;
  double rate = 1.0;

  BootInstant now(SimTime at) const {
    if (is_paused && clock_stops_) return boot_;
    const double passed = static_cast<double>((at - since_).count()) * rate;
    return boot_ + nanoseconds{static_cast<std::int64_t>(passed)};
  }
  // When the clock will show `instant`, if nothing happens to it; never in the past.
  SimTime when(BootInstant instant, SimTime at) const {
    const auto left = static_cast<double>((instant - now(at)).count());
    if (left <= 0) return at;
    return at + nanoseconds{static_cast<std::int64_t>(left / rate) + 1};
  }
  void set_clock(BootInstant shown, SimTime at) {
    boot_ = shown;
    since_ = at;
  }
  void pause(SimTime at, bool clock_stops) {
    set_clock(now(at), at);
    is_paused = true;
    clock_stops_ = clock_stops;
    lost_time = lost_time || clock_stops;
  }
  void resume(SimTime at) {
    set_clock(now(at), at);
    is_paused = false;
  }

 private:
  BootInstant boot_{};
  SimTime since_{};
  bool clock_stops_ = false;
};

// A process that can be stopped (SIGSTOP) and killed at any point between two of its steps. Steps that fall
// due while it is stopped run when it goes on; those of a killed one never do.
class Process {
 public:
  explicit Process(Host& host) : host_{host} {}

  bool is_alive() const { return alive_; }
  bool is_running() const { return alive_ && !paused_ && !host_.is_paused && host_.is_up; }
  bool is_stopped_by_signal() const { return paused_; }
  int life() const { return life_; }
  void begin() {
    alive_ = true;
    paused_ = false;
    ++life_;
    waiting_.clear();
  }
  void end() {
    alive_ = false;
    paused_ = false;
    ++life_;
    waiting_.clear();
  }
  void pause() { paused_ = true; }
  void resume() { paused_ = false; }
  void step(int life, Task task) {
    if (!alive_ || life != life_) return;
    if (is_running()) return task();
    waiting_.push_back(std::move(task));
  }
  // To be called when the process, or its host, goes on.
  void run_waiting() {
    if (!is_running()) return;
    auto tasks = std::exchange(waiting_, {});
    for (auto& task : tasks) step(life_, std::move(task));
  }

 private:
  Host& host_;
  bool alive_ = false;
  bool paused_ = false;
  int life_ = 0;
  std::vector<Task> waiting_;
};

}  // namespace holdfast::sim
