#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "route/build.hpp"
#include "route/policy.hpp"

namespace holdfast::proxy {

struct ListenerSettings {
  std::string name;
  config::HostPort bind;  // port 0: any free one (tests)
  route::Policy policy;
  milliseconds hold_timeout = 10s;
  std::int64_t maxconn = 0;  // 0: only the total bounds it

  std::string target() const;  // "replica", or the name of a member
};

// What the workers need of the configuration. Everything but `bind`, `threads` and the number of listeners
// may change while they run.
struct Settings {
  std::vector<ListenerSettings> listeners;
  std::int64_t maxconn = 10000;
  std::int64_t server_maxconn = 0;
  int threads = 1;
  milliseconds connect_timeout = 5s;
  config::KeepaliveConfig keepalive;
  milliseconds user_timeout = 10s;
};

Settings settings_of(const config::Config& config);
route::BuilderOptions builder_options_of(const config::Config& config);

}  // namespace holdfast::proxy
