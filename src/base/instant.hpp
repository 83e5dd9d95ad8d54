#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace holdfast {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

// A moment on this machine's CLOCK_BOOTTIME (suspend counts, steps of the wall clock do not). Leases,
// deadlines and suspicion use nothing else; it means nothing on another machine (EC-1, EC-3).
struct BootClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = nanoseconds;
  using time_point = std::chrono::time_point<BootClock, nanoseconds>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;  // the only place that reads it; the pure core gets `now` in its View
};
using BootInstant = BootClock::time_point;

// A moment on the wall clock: for display, history and scheduled actions only.
using WallInstant = std::chrono::time_point<std::chrono::system_clock, milliseconds>;
WallInstant wall_now() noexcept;

}  // namespace holdfast
