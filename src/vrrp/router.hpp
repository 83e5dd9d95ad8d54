#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "base/ip_address.hpp"
#include "vrrp/advert.hpp"

// One virtual router as a state machine (RFC 5798 section 6.4, with keepalived's keys): what was heard, what
// is tracked and the time go in; what to do, why, and when to be asked again come out. It owns no clock and
// no socket; the simulator runs it as it is.
namespace holdfast::vrrp {

enum class State : std::uint8_t { init = 0, backup = 1, master = 2, fault = 3 };  // keepalived's numbers
std::string_view to_string(State state) noexcept;  // "INIT", "BACKUP", "MASTER", "FAULT"

struct RouterOptions {
  std::string name;  // of the vrrp_instance
  Version version = Version::v3;
  IpAddress primary;  // source of our adverts; breaks ties of priority (RFC 5798 6.4.3: the higher wins)
  // keepalived's `state MASTER`: listens for one interval and the skew before its first try, instead of the
  // whole Master_Down. A master that works is heard in that time. (Priority 255 does not listen at all.)
  bool starts_as_master = false;
  milliseconds advert_int = 100ms;
  int down_timer_adverts = 3;
  bool preempt = true;                // a higher priority takes over from a lower one that works
  milliseconds preempt_delay{0};      // from the first advert of a lower priority, before preempting
  bool lower_prio_no_advert = false;  // as master, don't answer a lower priority's advert with ours
  // As master that yields to a higher priority, advertise once more: the better one may not have heard us,
  // and must announce after us (EC-100). keepalived has it too, off by default.
  bool higher_prio_send_advert = true;
  int garp_master_repeat = 5;
  milliseconds garp_master_delay = 5s;  // the second burst comes so long after the first; 0: none
  milliseconds garp_master_refresh{0};  // 0: never
  int garp_master_refresh_repeat = 1;
  int garp_lower_prio_repeat = 5;  // after another master of lower priority was heard
  milliseconds garp_lower_prio_delay = 5s;
  milliseconds address_lifetime = 1s;  // valid_lft: the kernel drops an address not renewed for so long
  bool needs_claim = false;            // `ownership: lease`: master only while the DCS says so

  bool operator==(const RouterOptions&) const = default;
};

// What tracking makes of this router now (tracking.hpp).
struct Standing {
  bool is_fault = false;  // can't or must not be master: interface down, a check of weight 0 failed
  // The service behind the address does not work here. Such a router gives the address to anybody healthy,
  // and keeps it when there is nobody (EC-100): it advertises priority_sick then, which says to every other
  // Holdfast, nopreempt or not, that a healthy one may take over.
  bool is_sick = false;
  int priority = 100;  // effective, 1 to 255, when neither fault nor sick
  std::string why;     // in words: "proxy lb1 has ended", "chk_disk failed: -20"

  bool operator==(const Standing&) const = default;
};
inline constexpr int priority_sick = 1;

// An advert that passed every check.
struct Heard {
  IpAddress source;
  int priority = 0;
  milliseconds interval = 1s;

  bool operator==(const Heard&) const = default;
};

struct SendAdvert {
  int priority = 0;
  bool operator==(const SendAdvert&) const = default;
};
// Set the addresses with this lifetime; repeated in time while they are to stay.
struct HoldAddresses {
  milliseconds lifetime{};
  bool operator==(const HoldAddresses&) const = default;
};
struct DropAddresses {
  bool operator==(const DropAddresses&) const = default;
};
// Gratuitous ARP or unsolicited neighbour advertisements for every address, so often.
struct Announce {
  int repeat = 1;
  bool operator==(const Announce&) const = default;
};
// Take or give back our claim in the DCS (needs_claim); the answer comes through on_claim(). Run one after
// the other: a Claim is not sent before the Unclaim ahead of it has ended.
struct Claim {
  bool operator==(const Claim&) const = default;
};
struct Unclaim {
  bool operator==(const Unclaim&) const = default;
};
using Action = std::variant<SendAdvert, HoldAddresses, DropAddresses, Announce, Claim, Unclaim>;
std::string to_string(const Action& action);

struct Transition {
  State from = State::init;
  State to = State::init;
  std::string reason;  // "no advert from 10.0.1.22 for 309 ms"

  bool operator==(const Transition&) const = default;
};

struct Step {
  std::vector<Action> actions;  // in this order
  std::optional<Transition> transition;
  bool heard_lower_priority = false;         // keepalived's notify_master_rx_lower_pri
  BootInstant wake_at = BootInstant::max();  // call on_time() then

  bool operator==(const Step&) const = default;
};

// What is seen from outside.
struct RouterView {
  State state = State::init;
  std::string reason;   // of the last transition
  BootInstant since{};  // of the last transition
  int priority = 0;     // as it would advertise now
  Standing standing;
  std::optional<Heard> master;  // the last other master heard
  BootInstant heard_at{};
  milliseconds master_down_interval{};
  milliseconds master_advert_int{};
  bool is_ready = false;    // backup whose Master_Down has passed: only its group or its claim keeps it
  bool is_claimed = false;  // needs_claim: ours until claim_until
  BootInstant claim_until{};

  bool operator==(const RouterView&) const = default;
};

// `now` never decreases from call to call, and is the time at which the call is made: a router that was not
// called for longer than its peers wait for it takes itself for paused (SIGSTOP, a halted VM, starvation).
class Router {
 public:
  explicit Router(RouterOptions options);

  Step start(BootInstant now, Standing standing);  // from init
  Step on_advert(BootInstant now, const Heard& heard);
  Step on_time(BootInstant now);  // any time; needed at wake_at
  Step on_standing(BootInstant now, Standing standing);
  // The DCS answered: ours until `until` by our clock (also without a question: it was renewed); nullopt:
  // somebody else's, lost, or given back. Nothing is said while the DCS does not answer: who asks keeps
  // asking. An answer to a Claim that an Unclaim has followed is not to be passed on.
  Step on_claim(BootInstant now, std::optional<BootInstant> until);
  Step stop(BootInstant now);  // orderly: says priority 0 when master, and drops the addresses
  // New options without a change of state; a master stays master.
  Step reconfigure(BootInstant now, RouterOptions options);
  // A sync group moved: follow it at once (sync_group.hpp). Master is for a backup alone.
  Step force(BootInstant now, State state, std::string reason);
  // Of a sync group: while false it waits for the others, ready or not, and holds no claim. True at first.
  Step permit(BootInstant now, bool may_lead);

  const RouterView& view() const { return view_; }
  const RouterOptions& options() const { return options_; }

 private:
  static constexpr BootInstant never = BootInstant::max();

  void begin(BootInstant now);
  Step finish(BootInstant now);
  void say(Action action) { step_.actions.push_back(std::move(action)); }

  void enter(BootInstant now, State state, std::string reason);
  void enter_backup(BootInstant now, std::string reason);
  void listen(BootInstant now, std::string reason);
  void become_master(BootInstant now, std::string reason);
  void leave(BootInstant now, State to, std::string reason);
  void lead_if_may(BootInstant now);
  void give_claim_back();
  void lose_claim_if_over(BootInstant now);
  void yield_if_paused(BootInstant now);
  void listen_again_if_late(BootInstant now);

  void hear_as_backup(BootInstant now, const Heard& heard);
  void hear_as_master(BootInstant now, const Heard& heard);
  void follow(BootInstant now, const Heard& heard);
  void contest(BootInstant now);
  void be_master(BootInstant now);
  void be_backup(BootInstant now);
  void send_advert(BootInstant now);
  void hold_addresses(BootInstant now);
  void challenge(BootInstant now);

  bool is_master() const { return view_.state == State::master; }
  bool is_sick() const { return view_.standing.is_sick; }
  int priority() const;
  bool is_beaten_by(const Heard& heard) const;
  bool hears_lower(BootInstant now) const;
  nanoseconds skew() const;
  nanoseconds master_down() const;
  milliseconds learned_interval(BootInstant now, const Heard& heard) const;
  void shift_down(BootInstant now, nanoseconds old);
  std::string why_silence_ends(BootInstant now) const;

  RouterOptions options_;
  RouterView view_;
  Step step_;  // of the call that runs

  BootInstant last_sent_{};         // master: our last advert
  BootInstant alive_until_{};       // master: from then on a peer may have taken over, had we been silent
  BootInstant advert_at_{};         // master: the next advert
  BootInstant hold_at_{};           // master: the addresses are set again
  BootInstant held_until_{};        // master: the kernel has them until then
  BootInstant announce_at_{};       // master: the second burst
  BootInstant refresh_at_{};        // master
  BootInstant contest_at_ = never;  // master: the burst that follows an advert of a lower priority
  BootInstant down_at_{};           // backup: Master_Down
  BootInstant listens_since_{};     // backup
  BootInstant retry_at_{};          // backup: the claim was refused, and is asked for again
  std::optional<BootInstant> preempt_at_;  // backup: preempt_delay's end
  bool may_lead_ = true;
  bool asked_ = false;           // Claim was said, and not answered
  bool listened_again_ = false;  // backup: was late for Master_Down, and waits once more
  bool gave_up_sick_ = false;    // since it turned sick
  std::string ready_reason_;
};

}  // namespace holdfast::vrrp
