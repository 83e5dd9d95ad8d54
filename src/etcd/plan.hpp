#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dcs/types.hpp"

namespace holdfast::etcd {

// What a member finds before it starts etcd.
struct Situation {
  std::string name;
  std::vector<std::string> peer_urls;  // ours, as advertised
  bool has_data = false;               // the data directory holds a member
  bool had_joined = false;             // the mark beside it says that this host was a member once
  bool is_alone = false;               // no other member is configured
  std::optional<std::vector<dcs::StoreMember>> members;  // what the others say; nullopt: nobody answered
};

// What to do. Pure, so that the rules stand in one place.
struct Plan {
  enum class Kind {
    start,       // with what is in the data directory
    bootstrap,   // a new cluster, as configured
    join,        // add ourselves through the others (after `remove`), then start as a new member of theirs
    move_aside,  // the data is of a member that was removed: keep it under another name, then look again
    wait,        // nothing is safe now; `reason` says what is missing
  };
  Kind kind = Kind::wait;
  std::optional<std::uint64_t> remove;  // join: our former self, whose data is lost
  bool is_added = false;                // join: the others wait for us already
  std::string reason;

  bool operator==(const Plan&) const = default;
};

// An empty directory where a member was is never taken for a first start: the file system may be missing
// (EC-38), and a member that forgot its votes must not vote again. It joins anew through the others, or waits
// for them.
Plan plan_start(const Situation& situation);

}  // namespace holdfast::etcd
