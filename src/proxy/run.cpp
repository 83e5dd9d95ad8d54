#include "proxy/run.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "async/run.hpp"
#include "base/log.hpp"
#include "dcs/etcd/options.hpp"
#include "dcs/etcd/store.hpp"
#include "proxy/dcs_discovery.hpp"
#include "proxy/poll_discovery.hpp"

namespace holdfast::proxy {
namespace {

constexpr milliseconds drain_limit = 30s;  // of a proxy that was told to stop

http::ClientOptions client_options_of(const config::Config& config) {
  const auto& ctl = config.ctl;
  const auto& rest = config.restapi;
  const auto& login = ctl.authentication.username.empty() ? rest.authentication : ctl.authentication;
  http::ClientOptions options{.username = login.username, .password = login.password};
  options.tls.cacert = ctl.cacert.empty() ? rest.cafile : ctl.cacert;
  options.tls.cert = ctl.certfile;
  options.tls.key = ctl.keyfile;
  options.tls.key_password = ctl.keyfile_password;
  options.tls.verify = !ctl.insecure;
  return options;
}

// Returns at SIGTERM or SIGINT.
awaitable<void> obey_signals(Proxy* proxy, std::function<Result<config::Config>()> reread) {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGTERM, SIGINT, SIGHUP};
  for (;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    if (signal != SIGHUP) co_return;
    const auto config = reread();
    if (!config) {
      log::error("reload failed, nothing has changed", {{"error", config.error()}});
      continue;
    }
    const auto failures = proxy->reload(settings_of(*config));
    for (const auto& failure : failures)
      log::error("a listener could not be opened, the others are as configured", {{"error", failure}});
    log::info("configuration reloaded", {{"listeners_failed", failures.size()}});
  }
}

awaitable<void> wait_for_stop_signal() {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGTERM, SIGINT};
  co_await signals.async_wait(asio::use_awaitable);
}

}  // namespace

std::unique_ptr<Discovery> make_discovery(const asio::any_io_executor& executor,
                                          const config::Config& config) {
  auto client = client_options_of(config);
  if (config.proxy.discovery == config::Discovery::poll) {
    PollOptions options{.servers = config.proxy.servers, .inter = config.proxy.inter};
    options.tls = !config.restapi.certfile.empty();
    options.client = std::move(client);
    return std::make_unique<PollDiscovery>(executor, std::move(options));
  }
  auto store = std::make_unique<dcs::EtcdStore>(executor, dcs::options_of(config.etcd));
  heartbeat::SubscriberOptions options{.scope = config.scope, .client = std::move(client)};
  dcs::Keys keys{config.namespace_, config.scope};
  return std::make_unique<DcsDiscovery>(executor, std::move(store), std::move(keys), std::move(options));
}

ProxyOptions options_of(const config::Config& config) {
  ProxyOptions options{.name = config.name, .scope = config.scope};
  options.settings = settings_of(config);
  options.builder = builder_options_of(config);
  const auto& listen = config.proxy.stats.listen;
  if (listen) options.stats = http::Endpoint{listen.host, static_cast<std::uint16_t>(listen.port)};
  return options;
}

awaitable<int> run_role(config::Config config, std::function<Result<config::Config>()> reread) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  const auto files = raise_file_limit();
  // A session needs two descriptors, and four more while it carries bulk through pipes.
  if (files < 2L * config.proxy.maxconn) {
    log::warn("the limit of open files is below two a connection",
              {{"limit", files}, {"maxconn", config.proxy.maxconn}});
  }
  auto opened = Proxy::open(executor, options_of(config), make_discovery(executor, config));
  if (!opened) {
    log::error("the proxy can't start", {{"error", opened.error()}});
    co_return 1;
  }
  const auto proxy = *std::move(opened);
  proxy->start();
  log::info("proxy started", {{"listeners", proxy->ports().size()}, {"threads", config.proxy.threads}});
  co_await obey_signals(proxy.get(), std::move(reread));
  log::info("proxy is draining", {{"limit", drain_limit}});
  auto draining = proxy->drain(drain_limit);
  auto impatience = wait_for_stop_signal();
  co_await (std::move(draining) || std::move(impatience));
  co_await proxy->stop();
  log::info("proxy stopped");
  co_return 0;
}

int run(const config::Config& config, std::function<Result<config::Config>()> reread) {
  return async::run_on_own_loop(run_role(config, std::move(reread)));
}

}  // namespace holdfast::proxy
