#pragma once

#include <array>
#include <cstddef>

#include "base/instant.hpp"

namespace holdfast::ha {

// Adaptive suspicion of one peer (phi-accrual over the inter-arrival times of its heartbeats): a peer on a
// jittery link is given more time than one on a steady link, never less than a floor of four intervals.
class Suspicion {
 public:
  explicit Suspicion(milliseconds interval) : interval_{interval} {}

  void on_heartbeat(BootInstant now);

  // Silence becomes suspicious at this instant. Before any heartbeat: at once.
  BootInstant suspected_at() const;

  // The phi of a silence until `now`: -log10 of the chance that a live peer is this late.
  double phi(BootInstant now) const;

 private:
  struct Spread {
    double mean_ms, deviation_ms;
  };
  Spread spread() const;

  milliseconds interval_;
  BootInstant last_{};
  std::array<float, 64> gaps_ms_{};
  std::size_t count_ = 0;  // of all gaps ever; the array holds the last 64
};

}  // namespace holdfast::ha
