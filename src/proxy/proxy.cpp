#include "proxy/proxy.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace holdfast::proxy {
namespace {

constexpr milliseconds drain_look = 50ms;  // how often a draining proxy counts its clients

bool is_open_at(const std::vector<ListenerSettings>& listeners, std::size_t place) {
  return place < listeners.size() && !listeners[place].is_closed;
}

// Of *:5000 and 10.0.0.1:5000 one may take over from the other.
Sharing sharing_with(const std::vector<ListenerSettings>& before, const std::vector<ListenerSettings>& after,
                     const std::vector<std::uint16_t>& ports, std::size_t place) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool is_closing = is_open_at(before, i) && !is_open_at(after, i);
    if (is_closing && ports[i] == after[place].bind.port) return Sharing::with_ourselves;
  }
  return Sharing::with_nobody;
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
      ledger_{std::make_unique<Ledger>()},
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
  if (settings_->listeners.size() > listeners_max)
    return fail(Errc::invalid_argument, fmt::format("more than {} listeners", listeners_max));
  for (std::size_t i = 0; i < settings_->listeners.size(); ++i) {
    if (auto opened = open_listener(i, Sharing::with_nobody); !opened) return opened;
  }
  return {};
}

Result<void> Proxy::open_listener(std::size_t place, Sharing sharing) {
  const auto& listener = settings_->listeners[place];
  ports_.resize(settings_->listeners.size());
  auto shared = SharedPort::bind(listener.bind, settings_->threads, sharing, listener.is_floating);
  if (!shared) return fail("listener " + listener.name, shared.error());
  ports_[place] = shared->port();
  for (auto& worker : workers_) worker->open_listener(place, shared->take(worker->loop()));
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
  speak();
  discovery_->start([this](const route::Event& event) { on_event(event); });
}

// Nobody else has to listen; a proxy whose name is taken twice on one host serves all the same.
void Proxy::speak() {
  const auto address = heartbeat::local_address(options_.scope, options_.name, "proxy");
  auto publisher = heartbeat::LocalPublisher::open(executor_, address, [this] { return wellbeing(); });
  if (publisher) {
    publisher_ = *std::move(publisher);
  } else {
    log::warn("the role vip of this host can't be told how the proxy is", {{"error", publisher.error()}});
  }
}

heartbeat::Wellbeing Proxy::wellbeing() {
  const auto now = BootClock::now();
  nanoseconds delay{};
  for (auto& worker : workers_) {
    delay = std::max(delay, worker->silent_for(now));
    worker->ask_for_life(now);
  }
  self_check_.on_worker_delay(delay);
  return self_check_.verdict(now);
}

void Proxy::on_event(const route::Event& event) {
  self_check_.on_event(event, BootClock::now());
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

std::vector<Error> Proxy::reload(Settings settings) {
  const auto before = settings_;
  std::vector<Error> failures;
  settings.threads = before->threads;
  settings.listeners = place_listeners(before->listeners, settings.listeners);
  for (; settings.listeners.size() > listeners_max; settings.listeners.pop_back()) {
    const auto what = "listener " + settings.listeners.back().name;
    failures.push_back(
        {Errc::invalid_argument, what + ": there were too many, restart the proxy to open it"});
  }
  settings_ = std::make_shared<const Settings>(settings);
  publish();  // before the first client of a new listener
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    if (!is_open_at(settings.listeners, i) || is_open_at(before->listeners, i)) continue;
    auto opened = open_listener(i, sharing_with(before->listeners, settings.listeners, ports_, i));
    if (opened) continue;
    failures.push_back(opened.error());
    settings.listeners[i].is_closed = true;
  }
  for (std::size_t i = 0; i < before->listeners.size(); ++i) {
    if (!is_open_at(before->listeners, i) || is_open_at(settings.listeners, i)) continue;
    for (auto& worker : workers_) worker->close_listener(i);
  }
  settings_ = std::make_shared<const Settings>(std::move(settings));  // without those that failed
  publish();
  return failures;
}

awaitable<void> Proxy::drain(milliseconds limit) {
  is_draining_ = true;
  self_check_.on_draining();
  if (publisher_) publisher_->push();
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
  if (publisher_) co_await publisher_->stop();
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
