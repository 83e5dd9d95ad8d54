#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "route/build.hpp"
#include "route/policy.hpp"

namespace holdfast::proxy {

struct ListenerSettings {
  std::string name;
  config::HostPort bind;     // port 0: any free one (tests)
  bool is_floating = false;  // an address of vip, not always here
  route::Policy policy;
  milliseconds hold_timeout = 10s;
  std::int64_t maxconn = 0;  // 0: only the total bounds it
  bool is_closed = false;    // a reload took it away: it takes no clients, and those it has stay

  std::string target() const;  // "replica", or the name of a member
};

// What the workers need of the configuration. Everything but `threads` may change while they run.
struct Settings {
  // A listener keeps its place for as long as the proxy runs, since its clients and counts are found by it;
  // one that is gone is marked as closed.
  std::vector<ListenerSettings> listeners;
  std::int64_t maxconn = 10000;
  std::int64_t server_maxconn = 0;
  int threads = 1;
  milliseconds connect_timeout = 5s;
  config::KeepaliveConfig keepalive;
  milliseconds user_timeout = 10s;
};

Settings settings_of(const config::Config& config);
// The listeners of a reload in the places they have: one that listens where one did keeps that one's place,
// the others come last. Those of `before` that are not wanted any more are closed.
std::vector<ListenerSettings> place_listeners(std::vector<ListenerSettings> before,
                                              const std::vector<ListenerSettings>& wanted);
route::BuilderOptions builder_options_of(const config::Config& config);

}  // namespace holdfast::proxy
