#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/instant.hpp"

namespace holdfast::sim {

using SimTime = nanoseconds;  // true time since the world began; no host can read it
using Task = std::function<void()>;

// Virtual time: jumps from event to event. Equal instants run in the order in which they were asked for.
class EventQueue {
 public:
  SimTime now() const { return now_; }
  std::uint64_t events_run() const { return run_; }

  void at(SimTime when, Task task) {
    heap_.push_back({std::max(when, now_), next_++, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  void after(SimTime delay, Task task) { at(now_ + delay, std::move(task)); }

  // False: nothing is left to run up to `until`; the time is then `until`.
  bool run_one(SimTime until) {
    if (heap_.empty() || heap_.front().when > until) {
      now_ = std::max(now_, until);
      return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.when;
    ++run_;
    event.task();
    return true;
  }

 private:
  struct Event {
    SimTime when;
    std::uint64_t order;
    Task task;
  };
  static bool later(const Event& a, const Event& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  SimTime now_{};
  std::uint64_t next_ = 0;
  std::uint64_t run_ = 0;
  std::vector<Event> heap_;
};

}  // namespace holdfast::sim
