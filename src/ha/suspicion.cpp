#include "ha/suspicion.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::ha {

void Suspicion::on_heartbeat(BootInstant now) {
  if (last_ != BootInstant{}) {
    const std::chrono::duration<float, std::milli> gap = now - last_;
    // One long silence (a pause that we survived) must not make us patient for minutes.
    const float longest = static_cast<float>(interval_.count()) * 10;
    gaps_ms_[count_++ % gaps_ms_.size()] = std::min(gap.count(), longest);
  }
  last_ = now;
}

Suspicion::Spread Suspicion::spread() const {
  const std::size_t known = std::min(count_, gaps_ms_.size());
  const double expected = static_cast<double>(interval_.count());
  if (known < 8) return {expected, expected / 2};
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < known; ++i) {
    sum += gaps_ms_[i];
    squares += static_cast<double>(gaps_ms_[i]) * gaps_ms_[i];
  }
  const double mean = sum / static_cast<double>(known);
  const double variance = std::max(0.0, squares / static_cast<double>(known) - mean * mean);
  return {mean, std::max(std::sqrt(variance), expected / 4)};
}

BootInstant Suspicion::suspected_at() const {
  if (last_ == BootInstant{}) return last_;
  const auto [mean, deviation] = spread();
  // Six deviations: phi of about 9. The floor keeps a very steady stream from making us nervous.
  const double patience = std::max(mean + 6 * deviation, 4.0 * static_cast<double>(interval_.count()));
  return last_ + std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double, std::milli>{patience});
}

double Suspicion::phi(BootInstant now) const {
  if (last_ == BootInstant{}) return 0;
  const auto [mean, deviation] = spread();
  const std::chrono::duration<double, std::milli> silence = now - last_;
  const double late = std::erfc((silence.count() - mean) / (deviation * std::sqrt(2.0))) / 2;
  return -std::log10(std::max(late, 1e-300));
}

}  // namespace holdfast::ha
