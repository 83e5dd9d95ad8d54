#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/random.hpp"
#include "sim/core/trace.hpp"
#include "sim/vrrp/host.hpp"
#include "sim/vrrp/mutant.hpp"
#include "sim/vrrp/scenario.hpp"

namespace holdfast::sim::vip {

struct Violation {
  std::string checker;
  std::string what;
};

// The DCS: who has the claim of a virtual router or group, until when, in true time.
struct Claimed {
  int host = -1;
  std::uint64_t incarnation = 0;
  std::uint64_t generation = 0;
  SimTime until{};
};

struct Counts {
  std::uint64_t adverts = 0, masters = 0, announcements = 0, faults = 0;
};

// Hosts that run the production router, their kernels, the networks between them and a DCS, in virtual time.
class World {
 public:
  World(const Scenario& scenario, const Mutant& mutant, Trace& trace);

  // To the end, or to the first violation.
  std::optional<Violation> run();

  SimTime now() const { return queue_.now(); }
  std::uint64_t events() const { return queue_.events_run(); }
  const Counts& counts() const { return counts_; }

 private:
  // ---- faults
  void begin(const Fault& fault);
  void end(const Fault& fault);
  void touch();
  void start(int host);
  void kill(int host);
  void stop(int host);
  void freeze(int host);
  void thaw(int host);
  void halt(int host, bool stops_clock);
  void resume(int host);
  void wake_up(int host);
  void tell_standing(int host);

  // ---- hosts
  BootInstant clock(int host) const { return hosts_[at(host)].clock.read(now()); }
  BootInstant router_clock(int host) const;
  void deliver(int host, std::function<void()> what);
  void apply(int host, const std::vector<vrrp::NamedStep>& steps);
  void act(int host, int network, const vrrp::Step& step, vrrp::Action action);
  void set_timer(int host);
  vrrp::Standing standing_of(int host, int network) const;
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  // ---- the network
  void broadcast(int from, int network, int priority);
  void receive(int host, int network, const std::vector<std::uint8_t>& bytes, const vrrp::Envelope& envelope);
  bool is_cut(int from, int to, int network) const;

  // ---- the DCS
  int claim_of(int network) const { return scenario_.shape.is_grouped ? 0 : network; }
  void ask(int host, int network, bool is_claim);
  void ask_next(int host, int network);
  void put_question(int host, int network, Keeper::Question question);
  void take_answer(int host, int network, Keeper::Question question, bool is_ours, BootInstant sent_at);
  bool judge(int host, int network, Keeper::Question question, std::uint64_t incarnation);
  nanoseconds latency() { return random_.between(0ns, scenario_.shape.delay_max); }

  // ---- checks
  void check();
  void fail(std::string checker, std::string what);
  void on_transition(int host, int network, const vrrp::Transition& transition);
  bool is_quiet(SimTime since) const { return disturbances_ == 0 && now() - changed_at_ > since; }
  int hosts() const { return static_cast<int>(hosts_.size()); }
  bool is_able(int host, int network) const;
  bool is_master(int host, int network) const;
  bool is_holding(int host, int network) const;
  void check_claims(int network);
  void check_holders(int network);
  void check_settled(int network);
  void leave_unheard(int host);
  void note_leave(int host, int network, bool is_heard);
  void check_robbery(int host, int network);
  void check_hand_over(int network);
  void expect_hand_over(int host);

  const Scenario& scenario_;
  const Mutant& mutant_;
  Bounds bounds_;
  Trace& trace_;
  Random random_;
  EventQueue queue_;
  std::vector<Host> hosts_;
  std::map<std::pair<int, int>, SimTime> arrives_;   // from, to: the last message; they keep their order
  std::map<std::pair<int, int>, int> cuts_;          // from, to -> how often
  int losing_ = 0, delaying_ = 0, duplicating_ = 0;  // percent
  int dcs_down_ = 0;
  std::vector<Claimed> claims_;  // by network
  int disturbances_ = 0;         // faults that keep hosts from hearing each other in time
  SimTime changed_at_{};
  bool was_settled_ = false;  // until then
  std::vector<SimTime> two_since_;
  std::vector<SimTime> none_since_;
  std::vector<int> announced_last_;  // whom the network's caches point to
  // The last one to announce left without being heard by a better master, which so had no cause to announce
  // again: it was cut off to the end, died or stood still. Only garp_master_refresh mends that.
  std::vector<bool> may_go_unnoticed_;
  struct HandOver {
    int from = -1;
    SimTime until{};
    SimTime asked_at{};
  };
  std::vector<HandOver> hand_overs_;
  std::optional<Violation> violation_;
  Counts counts_;
};

}  // namespace holdfast::sim::vip
