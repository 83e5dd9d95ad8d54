#pragma once

#include "base/instant.hpp"
#include "heartbeat/local.hpp"
#include "route/events.hpp"

namespace holdfast::proxy {

// Whether this proxy is worth a client's connection: what it tells the role vip of its host. That there is no
// primary is nobody's sickness: every other proxy would have to hold its clients, too.
class SelfCheck {
 public:
  void on_event(const route::Event& event, BootInstant now);
  void on_draining() { is_draining_ = true; }
  // How long the slowest worker has owed an answer.
  void on_worker_delay(nanoseconds delay) { worker_delay_ = delay; }

  heartbeat::Wellbeing verdict(BootInstant now) const;

 private:
  bool has_news_ = false;        // a proxy that has just begun knows no way yet
  BootInstant news_at_{};        // of the last good news about any server, or of the DCS
  bool watch_is_alive_ = false;  // its own deadline ends it
  bool is_draining_ = false;
  nanoseconds worker_delay_{};
};

}  // namespace holdfast::proxy
