#pragma once

#include "base/instant.hpp"
#include "config/values.hpp"

namespace holdfast::config {

enum class WatchdogMode { off, automatic, required };

// `watchdog`: the kernel device that resets a frozen machine. Its timeout is ttl - safety_margin.
struct WatchdogConfig {
  WatchdogMode mode = WatchdogMode::automatic;
  std::string device = "/dev/watchdog";
  milliseconds safety_margin = 5s;  // -1 s: half of ttl

  bool operator==(const WatchdogConfig&) const = default;
};

}  // namespace holdfast::config
