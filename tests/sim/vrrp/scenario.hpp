#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/event_queue.hpp"
#include "vrrp/router.hpp"

// Two to five hosts, one or two networks with a virtual router each, and what goes wrong with them.
namespace holdfast::sim::vip {

struct HostShape {
  double rate = 1.0;  // of its clock
  std::vector<vrrp::RouterOptions> routers;
  std::vector<int> priorities;
  SimTime starts_at{};
};

struct Shape {
  milliseconds unit{};  // the longest advertisement interval; everything else is a multiple of it
  std::vector<HostShape> hosts;
  int networks = 1;
  bool is_grouped = false;  // both virtual routers move together
  bool needs_claim = false;
  milliseconds claim_ttl{};
  nanoseconds delay_max{};     // of a message, and of an answer of the DCS
  nanoseconds lateness_max{};  // of a timer
};

enum class FaultKind {
  crash,         // SIGKILL; the kernel goes on
  power_off,     // the host is gone, with its addresses
  stop,          // orderly
  freeze,        // SIGSTOP
  halt,          // the virtual machine stands still; its clock goes on (number 0) or stands still, too (1)
  sick,          // the proxy does not work
  reprioritise,  // a weight changes the priority by `number`
  link_down,     // on `network`
  cut_pair,
  cut_one_way,  // from `host` to `other`
  lose,         // `number` percent of the messages
  delay,        // messages take up to `number` percent of the unit longer: they overtake each other
  duplicate,    // `number` percent
  starve,       // timers of the host are late by up to `number` percent of the unit
  cut_dcs,      // from the host
  dcs_down,
};
inline constexpr int fault_kinds = 16;
std::string_view to_string(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::crash;
  SimTime at{};
  SimTime lasts{};
  int host = 0;
  int other = 0;
  int network = 0;
  int number = 0;
};
std::string describe(const Fault& fault);

struct Scenario {
  std::uint64_t seed = 0;
  Shape shape;
  std::vector<Fault> faults;
  SimTime healed_at{};  // every fault has ended
  SimTime ends_at{};
};
Scenario draw_scenario(std::uint64_t seed);
std::string describe(const Scenario& scenario);

// How long what may last, once nothing changes any more.
struct Bounds {
  explicit Bounds(const Shape& shape);

  SimTime latency;    // from one host's timer to another host's router
  SimTime down;       // the longest Master_Down: every advert missed, and the longest skew
  SimTime two_heard;  // two masters that hear each other: until the next advert of the better one
  SimTime claim;      // until the DCS gives a dead one's claim to another
  SimTime hand_over;  // after priority 0: the longest skew
  SimTime none;       // Master_Down, and once more for an advert that was on its way when its sender died
  SimTime settled;    // as none, and one preemption with its delay; a group waits for its slowest member
};

}  // namespace holdfast::sim::vip
