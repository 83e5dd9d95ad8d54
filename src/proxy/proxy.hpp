#pragma once

#include <memory>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "heartbeat/local.hpp"
#include "http/server.hpp"
#include "proxy/discovery.hpp"
#include "proxy/ledger.hpp"
#include "proxy/self_check.hpp"
#include "proxy/stats.hpp"
#include "proxy/worker.hpp"
#include "route/build.hpp"

namespace holdfast::proxy {

struct ProxyOptions {
  std::string name;  // of this proxy, for the stats
  std::string scope;
  Settings settings;
  route::BuilderOptions builder;
  std::optional<http::Endpoint> stats;  // port 0: any free one
};

// A whole proxy: the control loop's part (discovery, routing table, stats) on the given executor, and the
// workers' threads. Belongs to that executor.
class Proxy {
 public:
  // Binds everything; nothing is accepted before start(). Errc::refused: a port is in use.
  static Result<std::unique_ptr<Proxy>> open(const asio::any_io_executor& executor, ProxyOptions options,
                                             std::unique_ptr<Discovery> discovery);
  ~Proxy();  // `co_await stop()` first

  void start();
  const std::vector<std::uint16_t>& ports() const { return ports_; }  // of Settings::listeners, in order
  std::uint16_t stats_port() const { return stats_port_; }            // 0: off

  // Takes over what may change at run time. New listeners open; clients of those that are gone stay until
  // they end. Returns what could not be done, an error each listener; all the rest has been applied.
  std::vector<Error> reload(Settings settings);

  // Stops accepting and returns when the last client has gone, or after `limit`.
  awaitable<void> drain(milliseconds limit);
  awaitable<void> stop();  // cuts what is left

  // How this proxy is, now: what the role vip of this host is told (heartbeat/local.hpp).
  heartbeat::Wellbeing wellbeing();

  const Ledger& ledger() const { return *ledger_; }
  const route::Table& table() const { return builder_.table(); }

 private:
  Proxy(const asio::any_io_executor& executor, ProxyOptions options, std::unique_ptr<Discovery> discovery);
  Result<void> bind();
  Result<void> open_listener(std::size_t place, Sharing sharing);
  void speak();
  Result<void> serve_stats(const http::Endpoint& at);
  void on_event(const route::Event& event);
  awaitable<void> keep_time();
  void publish();
  std::shared_ptr<const Snapshot> make_snapshot();
  void report_changes(const route::Table& before, const route::Table& after);
  Facts facts() const;
  awaitable<http::Response> answer(http::Request request);

  asio::any_io_executor executor_;
  ProxyOptions options_;
  std::shared_ptr<const Settings> settings_;
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<Ledger> ledger_;
  route::Builder builder_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::uint16_t> ports_;
  std::unique_ptr<http::Server> stats_;
  std::uint16_t stats_port_ = 0;
  BootInstant started_at_{};
  bool is_draining_ = false;
  SelfCheck self_check_;
  std::unique_ptr<heartbeat::LocalPublisher> publisher_;
  async::Event wake_;
  async::TaskGroup tasks_;
};

}  // namespace holdfast::proxy
