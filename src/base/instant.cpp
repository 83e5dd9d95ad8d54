#include "base/instant.hpp"

#include <ctime>

namespace holdfast {

BootClock::time_point BootClock::now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return time_point{seconds{now.tv_sec} + nanoseconds{now.tv_nsec}};
}

WallInstant wall_now() noexcept {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace holdfast
