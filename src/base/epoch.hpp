#pragma once

#include <compare>
#include <cstdint>

namespace holdfast {

// The DCS revision of the transaction that acquired the leader lock: strictly increasing over the cluster's
// life, the fencing token of the whole system. 0 is "none". A re-put of the key by the same holder keeps the
// epoch.
struct Epoch {
  std::int64_t value = 0;

  auto operator<=>(const Epoch&) const = default;
  explicit operator bool() const { return value != 0; }
};

}  // namespace holdfast
