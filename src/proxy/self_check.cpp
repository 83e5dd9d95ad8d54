#include "proxy/self_check.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/overload.hpp"

namespace holdfast::proxy {
namespace {

constexpr milliseconds news_age_max = 2s;  // a proxy that heard from nobody for so long routes by memory
constexpr milliseconds worker_delay_max = 2s;

}  // namespace

void SelfCheck::on_event(const route::Event& event, BootInstant now) {
  const bool is_good =
      std::visit(Overload{[&](const route::ClusterSeen&) { return watch_is_alive_ = true; },
                          // Until now it was good, however long ago it had anything to say.
                          [&](const route::WatchLost&) { return std::exchange(watch_is_alive_, false); },
                          [](const route::HeartbeatSeen&) { return true; },
                          [](const route::HeartbeatLost&) { return false; },
                          [](const route::CheckSeen& check) { return check.primary_ok || check.replica_ok; }},
                 event);
  if (!is_good) return;
  news_at_ = now;
  has_news_ = true;
}

heartbeat::Wellbeing SelfCheck::verdict(BootInstant now) const {
  if (is_draining_) return {.is_well = false, .why = "it is draining"};
  if (worker_delay_ > worker_delay_max) return {.is_well = false, .why = "one of its threads hangs"};
  if (!has_news_) return {.is_well = false, .why = "it has heard neither the DCS nor any server yet"};
  if (!watch_is_alive_ && now - news_at_ > news_age_max) {
    const auto age = std::chrono::duration_cast<milliseconds>(now - news_at_);
    return {.is_well = false,
            .why = fmt::format("it has heard neither the DCS nor any server for {} ms", age.count())};
  }
  return {.is_well = true, .why = {}};
}

}  // namespace holdfast::proxy
