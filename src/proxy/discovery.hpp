#pragma once

#include <functional>

#include "async/asio.hpp"
#include "route/events.hpp"

namespace holdfast::proxy {

using EventSink = std::function<void(route::Event)>;

// Where the proxy learns who its servers are. Belongs to the control loop, where the sink is called.
class Discovery {
 public:
  virtual ~Discovery() = default;
  virtual void start(EventSink sink) = 0;
  virtual awaitable<void> stop() = 0;  // call before destroying; nothing reaches the sink afterwards
};

}  // namespace holdfast::proxy
