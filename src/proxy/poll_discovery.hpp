#pragma once

#include <vector>

#include "async/task_group.hpp"
#include "config/sections/proxy.hpp"
#include "http/client.hpp"
#include "proxy/discovery.hpp"

namespace holdfast::proxy {

struct PollOptions {
  std::vector<config::PolledServer> servers;
  milliseconds inter = 1s;  // between two rounds at one server; an answer has as long to come
  bool tls = false;
  http::ClientOptions client;
};

// Asks each server GET /primary, and GET /replica when it is not, as HAProxy in front of Patroni does.
class PollDiscovery : public Discovery {
 public:
  PollDiscovery(const asio::any_io_executor& executor, PollOptions options);

  void start(EventSink sink) override;
  awaitable<void> stop() override;

 private:
  awaitable<void> keep_asking(config::PolledServer server);
  awaitable<route::CheckSeen> ask(config::PolledServer server);
  awaitable<Result<http::Response>> get(config::PolledServer server, std::string target);

  PollOptions options_;
  http::Client client_;
  async::TaskGroup tasks_;
  EventSink sink_;
};

// What a member's REST answer says about position and timeline ("xlog", "timeline", "sync_standby" of
// Patroni, api.py) goes into `seen`; anything that is not there is left alone.
void read_patroni_status(std::string_view body, route::CheckSeen& seen);

}  // namespace holdfast::proxy
