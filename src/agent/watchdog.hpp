#pragma once

#include <string>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace holdfast::agent {

enum class WatchdogMode { off, automatic, required };

// The kernel's watchdog device (Linux Documentation/watchdog/watchdog-api): resets the machine when the agent
// stops petting it. Armed only while this member leads; timeout = leader_ttl - safety_margin, -1 means half
// of it.
class Watchdog {
 public:
  struct Options {
    WatchdogMode mode = WatchdogMode::automatic;
    std::string device = "/dev/watchdog";
    milliseconds safety_margin = 5s;
  };
  explicit Watchdog(Options options) : options_{std::move(options)} {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Errc::permission_denied, not_found, unsupported (its shortest timeout is longer than ours): in mode
  // `required` the caller must not lead, in `automatic` it goes on and says so.
  Result<void> arm(milliseconds ttl);
  void pet();
  // Closes with the magic 'V', so that an orderly stop does not reset the machine.
  void disarm();

  bool is_armed() const { return fd_ >= 0; }
  bool is_required() const { return options_.mode == WatchdogMode::required; }
  bool is_wanted() const { return options_.mode != WatchdogMode::off; }

 private:
  Options options_;
  int fd_ = -1;
};

// The seconds to set for a ttl and margin; at least 1.
int watchdog_timeout_seconds(milliseconds ttl, milliseconds safety_margin);

}  // namespace holdfast::agent
