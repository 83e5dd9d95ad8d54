#include "sim/core/trace.hpp"

#include <cstdio>

namespace holdfast::sim {

void Trace::add(SimTime at, std::string_view who, std::string_view what) {
  const double seconds = std::chrono::duration<double>{at}.count();
  lines.push_back(fmt::format("{:8.3f}s  {:<7} {}", seconds, who, what));
  if (prints) fmt::print("{}\n", lines.back());
}

}  // namespace holdfast::sim
