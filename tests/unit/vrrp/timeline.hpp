#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "vrrp/router.hpp"

// Drives one Router by hand: time in milliseconds since the start, actions and reasons as words.
namespace holdfast::vrrp {

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

inline BootInstant at(double ms) {
  return BootInstant{1h} +
         std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double, std::milli>{ms});
}

// 10.0.1.21 with keepalived's timers at a 100 ms advert; bursts and refresh off where a test is not about
// them.
inline RouterOptions an_instance() {
  return {.name = "VI_1",
          .primary = ip("10.0.1.21"),
          .garp_master_delay = 0ms,
          .garp_lower_prio_delay = 0ms,
          .address_lifetime = 60s};
}

inline Heard from_22(int priority, milliseconds interval = 100ms) {
  return {.source = ip("10.0.1.22"), .priority = priority, .interval = interval};
}
inline Heard from_20(int priority) {
  return {.source = ip("10.0.1.20"), .priority = priority, .interval = 100ms};
}

inline Standing well(int priority = 100) {
  return {.priority = priority};
}
inline Standing sick(int priority = 100) {
  return {.is_sick = true, .priority = priority, .why = "proxy lb1 has ended"};
}
inline Standing faulty() {
  return {.is_fault = true, .why = "interface eth0: carrier lost"};
}

inline std::vector<std::string> words(const Step& step) {
  std::vector<std::string> all;
  for (const auto& action : step.actions) all.push_back(to_string(action));
  return all;
}

inline std::string reason(const Step& step) {
  return step.transition ? step.transition->reason : "";
}

template <class Wanted>
bool has(const Step& step) {
  return std::ranges::any_of(step.actions,
                             [](const Action& action) { return std::holds_alternative<Wanted>(action); });
}

using Words = std::vector<std::string>;

// The Master_Down of priority 100 at 100 ms, version 3: three adverts, and 156/256 of one.
inline constexpr double down_100 = 360.9375;

inline Router a_backup(RouterOptions options = an_instance(), Standing standing = well()) {
  Router router{std::move(options)};
  router.start(at(0), std::move(standing));
  return router;
}

// Master since 1000 ms.
inline Router a_master(RouterOptions options = an_instance(), Standing standing = well()) {
  Router router{std::move(options)};
  router.start(at(1000 - down_100), std::move(standing));
  router.on_time(at(1000));
  EXPECT_EQ(router.view().state, State::master);
  return router;
}

}  // namespace holdfast::vrrp
