#pragma once

#include <span>

#include "route/table.hpp"

namespace holdfast::route {

// A server whose GET /primary check is up.
struct Claim {
  std::string server;
  Timeline timeline = 0;
};

// The gate of a cluster that is run by Patroni: there are no proofs, only what /primary answers. Of two
// claimants the one on the later timeline is the primary; on one timeline nobody is, until one of them gives
// up. The epoch is a count of our own that rises with each change of primary.
GateView next_polled(const GateView& before, std::span<const Claim> claims);

}  // namespace holdfast::route
