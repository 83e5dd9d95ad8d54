#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "drill/hands.hpp"
#include "drill/observation.hpp"

// Faults at random: the plan is a function of the seed and of what the cluster and the hands allow. Pure.
namespace holdfast::drill {

// Who is hit is decided when it is done, as it depends on who is primary by then.
enum class Aim { primary, standby, front };
std::string_view to_string(Aim aim) noexcept;

struct Beat {
  nanoseconds after{};           // since its trouble began
  std::optional<Victim> victim;  // nullopt: a planned switchover is asked for
  Deed deed = Deed::kill;

  bool operator==(const Beat&) const = default;
};

// What happens to one host, from the first deed to the last. All that was frozen, cut off or killed for good
// is thawed, joined or started again by one of its beats.
struct Trouble {
  nanoseconds pause{};  // before it, since the track's last trouble was over
  Aim aim = Aim::primary;
  std::size_t pick = 0;     // which of several
  std::vector<Beat> beats;  // in order of time

  bool operator==(const Trouble&) const = default;
  nanoseconds length() const { return beats.empty() ? nanoseconds{} : beats.back().after; }
};
std::string print_trouble(const Trouble& trouble);  // "kill postgres, after 0.4 s kill agent"
std::string print_briefly(const Trouble& trouble);  // "kill postgres and 1 more"

// The troubles of one track come one after the other, tracks run side by side: as many hosts can be hit at
// once as there are tracks that aim at them.
struct Storm {
  std::vector<std::vector<Trouble>> tracks;

  bool operator==(const Storm&) const = default;
};

struct StormOptions {
  std::uint64_t seed = 1;
  nanoseconds length = 60s;
  bool has_fronts = false;  // two proxies or more
  bool has_vips = false;
  bool is_mean = false;  // a second track at database hosts: more at once than a cluster of three survives
  bool is_synchronous = true;  // there was a synchronous standby at first
  bool can_isolate = false;
  bool can_start = false;        // a whole node that was killed
  bool has_supervisors = false;  // that start the roles of a host again
};

Storm plan_storm(const StormOptions& options);

// What undoes a deed that lasts; nullopt: nothing need be done.
std::optional<Deed> undo_of(Victim victim, Deed deed);

// Whom a trouble hits now; `taken` are those that another track hits. nullopt: nobody fits.
std::optional<std::string> pick_victim(const Trouble& trouble, const Observation& seen,
                                       const std::vector<std::string>& taken);

// Why one more host must not be hit now, when it is `victim`: the others could not go on without it. nullopt:
// it may. `is_synchronous`: there has to be a synchronous standby.
std::optional<std::string> too_much(const Observation& seen, const std::string& victim, Aim aim,
                                    bool is_synchronous);

}  // namespace holdfast::drill
