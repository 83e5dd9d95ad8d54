#include "proxy/proxy.hpp"

#include "base/log.hpp"

namespace holdfast::proxy {
namespace {

constexpr milliseconds drain_look = 50ms;  // how often a draining proxy counts its clients

bool have_same_listeners(const Settings& a, const Settings& b) {
  const auto same = [](const ListenerSettings& x, const ListenerSettings& y) {
    return x.name == y.name && x.bind == y.bind;
  };
  return std::ranges::equal(a.listeners, b.listeners, same);
}

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::open(const asio::any_io_executor& executor, ProxyOptions options,
                                           std::unique_ptr<Discovery> discovery) {
  const auto stats = options.stats;
  std::unique_ptr<Proxy> proxy{new Proxy{executor, std::move(options), std::move(discovery)}};
  if (auto bound = proxy->bind(); !bound) return tl::unexpected{bound.error()};
  if (!stats) return proxy;
  if (auto served = proxy->serve_stats(*stats); !served) return tl::unexpected{served.error()};
  return proxy;
}

Proxy::Proxy(const asio::any_io_executor& executor, ProxyOptions options,
             std::unique_ptr<Discovery> discovery)
    : executor_{executor},
      options_{std::move(options)},
      settings_{std::make_shared<const Settings>(options_.settings)},
      discovery_{std::move(discovery)},
      ledger_{std::make_unique<Ledger>(settings_->listeners.size())},
      builder_{options_.builder},
      snapshot_{make_snapshot()},
      wake_{executor},
      tasks_{executor} {}

Proxy::~Proxy() = default;

Result<void> Proxy::bind() {
  const auto nudge_all = [this] {
    for (auto& worker : workers_) worker->nudge();
  };
  for (int i = 0; i < settings_->threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(static_cast<std::size_t>(i), ledger_.get(), snapshot_, nudge_all));
  }
  for (const auto& listener : settings_->listeners) {
    auto shared = SharedPort::bind(listener.bind, settings_->threads);
    if (!shared) return fail("listener " + listener.name, shared.error());
    ports_.push_back(shared->port());
    for (auto& worker : workers_) worker->add_listener(shared->take(worker->loop()));
  }
  return {};
}

Result<void> Proxy::serve_stats(const http::Endpoint& at) {
  http::ServerHandlers handlers;
  handlers.handle = [this](http::Request request) { return answer(std::move(request)); };
  http::ServerOptions options{.listen = {at}, .server_name = "holdfast"};
  auto server = http::Server::start(executor_, std::move(options), std::move(handlers));
  if (!server) return fail("proxy.stats.listen", server.error());
  stats_ = *std::move(server);
  stats_port_ = stats_->endpoints().front().port;
  return {};
}

void Proxy::start() {
  started_at_ = BootClock::now();
  for (auto& worker : workers_) worker->start();
  tasks_.spawn("routing table", keep_time());
  discovery_->start([this](const route::Event& event) { on_event(event); });
}

void Proxy::on_event(const route::Event& event) {
  builder_.apply(event, BootClock::now());
  publish();
  wake_.notify();
}

awaitable<void> Proxy::keep_time() {
  for (;;) {
    const auto next = builder_.wake_at().value_or(BootInstant::max());
    const bool is_notified = co_await wake_.wait_until(next);
    if (is_notified) continue;
    builder_.on_time(BootClock::now());
    publish();
  }
}

void Proxy::publish() {
  if (builder_.table() == snapshot_->table && settings_ == snapshot_->settings) return;
  report_changes(snapshot_->table, builder_.table());
  snapshot_ = make_snapshot();
  for (auto& worker : workers_) worker->publish(snapshot_);
}

std::shared_ptr<const Snapshot> Proxy::make_snapshot() {
  Snapshot next{.table = builder_.table(), .settings = settings_};
  for (const auto& server : next.table.servers) next.accounts.push_back(ledger_->server(server.name));
  return std::make_shared<const Snapshot>(std::move(next));
}

void Proxy::report_changes(const route::Table& before, const route::Table& after) {
  if (before.shape == after.shape) return;
  const auto& gate = after.gate;
  if (gate.state != before.gate.state || gate.epoch != before.gate.epoch) {
    log::info("gate has changed", {{"state", to_string(gate.state)},
                                   {"primary", gate.primary},
                                   {"epoch", gate.epoch.value},
                                   {"why", gate.why}});
  }
  for (const auto& server : after.servers) {
    const auto* old = before.find(server.name);
    if (old && old->role == server.role && old->serving == server.serving) continue;
    if (old && old->serving && !server.serving) ledger_->server(server.name)->downs.fetch_add(1);
    log::info("server has changed", {{"server", server.name},
                                     {"role", to_string(server.role)},
                                     {"serving", server.serving},
                                     {"why", server.why}});
  }
}

bool Proxy::reload(Settings settings) {
  if (!have_same_listeners(*settings_, settings)) return false;
  settings.threads = settings_->threads;
  settings_ = std::make_shared<const Settings>(std::move(settings));
  publish();
  return true;
}

awaitable<void> Proxy::drain(milliseconds limit) {
  is_draining_ = true;
  for (auto& worker : workers_) worker->stop_accepting();
  const auto until = BootClock::now() + limit;
  while (BootClock::now() < until) {
    std::int64_t clients = 0;
    for (std::size_t i = 0; i < ports_.size(); ++i) clients += ledger_->listener(i).clients.now();
    if (clients == 0) co_return;
    co_await async::sleep_for(drain_look);
  }
}

awaitable<void> Proxy::stop() {
  if (stats_) co_await stats_->stop();
  co_await discovery_->stop();
  co_await tasks_.stop();
  for (auto& worker : workers_) worker->stop();
}

Facts Proxy::facts() const {
  return {.name = options_.name,
          .scope = options_.scope,
          .now = BootClock::now(),
          .started_at = started_at_,
          .is_draining = is_draining_,
          .is_polled = options_.builder.polled,
          .snapshot = snapshot_.get(),
          .ledger = ledger_.get(),
          .ports = ports_};
}

awaitable<http::Response> Proxy::answer(http::Request request) {
  co_return answer_stats(request, facts());
}

}  // namespace holdfast::proxy
