#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/instant.hpp"

namespace holdfast::sim {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine and every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed * 0x9e3779b97f4a7c15ULL + 0x2545f4914f6cdd1dULL} {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // 0 .. bound-1
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }
  // 0 <= x < 1
  double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return fraction() < probability; }
  nanoseconds between(nanoseconds from, nanoseconds to) {
    return from +
           nanoseconds{static_cast<std::int64_t>(fraction() * static_cast<double>((to - from).count()))};
  }
  template <class T>
  const T& pick(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace holdfast::sim
