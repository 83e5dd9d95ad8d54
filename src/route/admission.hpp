#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/instant.hpp"

// Clients of one listener in one worker that wait: held (no server may serve) or queued (all are full).
namespace holdfast::route {

using ClientId = std::uint64_t;

// First come, first served. Who has gone is removed before it costs a server connection (EC-121).
class WaitingRoom {
 public:
  void add(ClientId client, BootInstant deadline);
  bool remove(ClientId client);  // false: it is not (any more) here
  std::optional<ClientId> front() const;
  std::vector<ClientId> take_expired(BootInstant now);  // removed, in the order of their deadlines
  std::optional<BootInstant> wake_at() const;           // the earliest deadline
  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }

 private:
  struct Place {
    std::list<ClientId>::iterator turn;
    BootInstant deadline;
  };
  std::list<ClientId> turns_;
  std::map<ClientId, Place> places_;
  std::set<std::pair<BootInstant, ClientId>> deadlines_;
};

struct PaceOptions {
  int burst = 32;                // at once
  nanoseconds interval = 500us;  // then one each
};

// Spreads the release after a hold, so that a new primary is not stampeded (EC-96, EC-121): a token bucket.
class Pace {
 public:
  explicit Pace(PaceOptions options) : options_{options}, tokens_{options.burst} {}

  bool try_take(BootInstant now);
  BootInstant next() const { return filled_at_ + options_.interval; }  // after a refusal: when to try again

 private:
  PaceOptions options_;
  int tokens_;
  BootInstant filled_at_{};
};

}  // namespace holdfast::route
