#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "sim/core/event_queue.hpp"
#include "vrrp/sync_group.hpp"

namespace holdfast::sim::vip {

// CLOCK_BOOTTIME of one host. It can be stopped with its machine; steps of a wall clock it does not know.
class Clock {
 public:
  Clock(double rate, SimTime offset) : offset_{offset}, rate_{rate} {}

  BootInstant read(SimTime now) const {
    const auto seen = static_cast<double>((stopped_at_.value_or(now) - stood_).count());
    return BootInstant{offset_ + nanoseconds{static_cast<std::int64_t>(seen * rate_)}};
  }
  // The first moment at which it reads `instant` or later, if it goes on.
  SimTime when(BootInstant instant) const {
    const auto local = static_cast<double>((instant.time_since_epoch() - offset_).count());
    return stood_ + nanoseconds{static_cast<std::int64_t>(local / rate_) + 2};
  }
  bool is_stopped() const { return stopped_at_.has_value(); }
  void stop(SimTime now) { stopped_at_ = now; }
  void go_on(SimTime now) {
    if (stopped_at_) stood_ += now - *stopped_at_;
    stopped_at_.reset();
  }

 private:
  SimTime offset_;
  double rate_;
  SimTime stood_{};
  std::optional<SimTime> stopped_at_;
};

// What the kernel knows of one virtual router's addresses.
struct Addresses {
  BootInstant valid_until{};  // by the host's clock
  milliseconds lifetime{};    // as last set

  bool are_held(BootInstant now) const { return now < valid_until; }
};

// The part of the shell that asks the DCS: one question at a time, in order.
struct Keeper {
  struct Question {
    bool is_claim = true;
    std::uint64_t generation = 0;
  };
  bool is_wanted = false;
  std::uint64_t generation = 0;  // of the last Claim or Unclaim
  bool is_asking = false;
  std::deque<Question> waiting;
};

enum class Process { none, running, frozen };

struct Host {
  Clock clock{1.0, 0ns};
  bool is_powered = true;
  bool is_halted = false;  // the whole machine
  Process process = Process::none;
  std::uint64_t incarnation = 0;
  std::optional<vrrp::Ensemble> ensemble;
  std::vector<Addresses> addresses;          // by network
  std::vector<int> links_down;               // by network: how many faults hold it down
  std::vector<Keeper> keepers;               // by network; of a group, the first one
  std::vector<std::function<void()>> inbox;  // what comes while the process is frozen
  std::uint64_t wake_generation = 0;
  int sick = 0;
  int priority_change = 0;
  int dcs_cuts = 0;
  int starving = 0;       // percent of the unit
  SimTime still_since{};  // neither running nor dead: frozen, halted
  SimTime dead_since{};   // the process does not renew the addresses since then
  SimTime started_at{};
  nanoseconds hidden{};  // in which the process stood still

  bool runs() const { return is_powered && !is_halted && process == Process::running; }
};

}  // namespace holdfast::sim::vip
