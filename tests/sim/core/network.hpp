#pragma once

#include <array>

#include "sim/core/event_queue.hpp"
#include "sim/core/host.hpp"
#include "sim/core/random.hpp"

namespace holdfast::sim {

// One-way links between hosts. Faults add up, so that they may overlap.
class Network {
 public:
  static constexpr int hosts_max = 12;

  Network(EventQueue& queue, Random& random) : queue_{queue}, random_{random} {}

  void add(const Host& host) { hosts_[static_cast<std::size_t>(host.index)] = &host; }
  void cut(int from, int to, int change) { link(from, to).cuts += change; }
  void slow(int from, int to, nanoseconds change) { link(from, to).slower += change; }
  void lose(int from, int to, double change) { link(from, to).loss += change; }

  bool passes(int from, int to) const {
    return is_up(from) && is_up(to) && (from == to || link(from, to).cuts == 0);
  }
  bool passes_both_ways(int a, int b) const { return passes(a, b) && passes(b, a); }

  nanoseconds delay(int from, int to) {
    const auto base = random_.between(nanoseconds{100us}, nanoseconds{900us});
    const auto slower = link(from, to).slower;
    return slower.count() > 0 ? base + random_.between(slower / 4, slower) : base;
  }
  // Datagram-like: lost when the link is cut now, or when it arrives.
  void send(int from, int to, Task arrive) {
    if (!passes(from, to) || (link(from, to).loss > 0 && random_.chance(link(from, to).loss))) return;
    queue_.after(delay(from, to), [this, from, to, arrive = std::move(arrive)] {
      if (passes(from, to)) arrive();
    });
  }

 private:
  using microseconds = std::chrono::microseconds;
  struct Link {
    int cuts = 0;
    nanoseconds slower{};
    double loss = 0;
  };
  bool is_up(int host) const {
    const Host* found = hosts_[static_cast<std::size_t>(host)];
    return found != nullptr && found->is_up;
  }
  Link& link(int from, int to) { return links_[static_cast<std::size_t>(from * hosts_max + to)]; }
  const Link& link(int from, int to) const { return links_[static_cast<std::size_t>(from * hosts_max + to)]; }

  EventQueue& queue_;
  Random& random_;
  std::array<const Host*, hosts_max> hosts_{};
  std::array<Link, hosts_max * hosts_max> links_{};
};

}  // namespace holdfast::sim
