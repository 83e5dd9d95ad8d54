#include "vip/run.hpp"

#include <pwd.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "async/run.hpp"
#include "base/log.hpp"
#include "dcs/etcd/options.hpp"
#include "http/server.hpp"
#include "vip/documents.hpp"
#include "vip/privileges.hpp"
#include "vip/speaker.hpp"

namespace holdfast::vip {
namespace {

using Reread = std::function<Result<config::Config>()>;

std::optional<uid_t> uid_of(const std::string& name) {
  const passwd* entry = name.empty() ? nullptr : ::getpwnam(name.c_str());
  return entry == nullptr ? std::optional<uid_t>{} : entry->pw_uid;
}

// keepalived's script_user; else scripts don't run as root when there is an account for the servers. Nobody's
// scripts run as root because a name was misspelt.
Result<std::optional<uid_t>> script_user_of(const config::Config& config) {
  if (::geteuid() != 0) return std::optional<uid_t>{};
  const auto& wanted = config.vip.global_defs.script_user;
  const auto user = uid_of(wanted.empty() ? config.os_user : wanted);
  if (!user && !wanted.empty()) return fail(Errc::not_found, "script_user: there is no account " + wanted);
  return user;
}

Result<SpeakerOptions> options_of(const asio::any_io_executor& executor, const config::Config& config) {
  const auto script_user = script_user_of(config);
  if (!script_user) return tl::unexpected(script_user.error());
  SpeakerOptions options{.config = config, .script_user = *script_user, .proxy_users = {0, ::geteuid()}};
  if (const auto user = uid_of(config.os_user)) options.proxy_users.push_back(*user);
  const bool has_store = !config.etcd.hosts.empty() || !config.etcd.srv.empty();
  if (has_store) options.store = std::make_unique<dcs::EtcdStore>(executor, dcs::options_of(config.etcd));
  return options;
}

awaitable<http::Response> serve(Speaker* speaker, http::Request request) {
  co_return answer(request, *speaker);
}

Result<std::unique_ptr<http::Server>> start_server(const asio::any_io_executor& executor,
                                                   const config::Config& config, Speaker* speaker) {
  const auto& listen = config.vip.stats.listen;
  http::ServerOptions options{.listen = {{listen.host, static_cast<std::uint16_t>(listen.port)}},
                              .server_name = "holdfast"};
  http::ServerHandlers handlers;
  handlers.handle = [speaker](http::Request request) { return serve(speaker, std::move(request)); };
  return http::Server::start(executor, std::move(options), std::move(handlers));
}

// Signals are obeyed during vrrp_startup_delay, too.
awaitable<void> start_after(milliseconds delay, Speaker* speaker) {
  if (delay > 0ms) co_await async::sleep_for(delay);
  speaker->start();
  log::info("vip started", {{"virtual_routers", speaker->config().vip.vrrp_instance.size()}});
}

// Returns at SIGTERM or SIGINT.
awaitable<void> obey_signals(Speaker* speaker, Reread reread) {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGTERM, SIGINT, SIGHUP};
  for (;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    if (signal != SIGHUP) co_return;
    auto config = reread();
    const auto script_user = config ? script_user_of(*config) : tl::unexpected(config.error());
    if (!script_user) {
      log::error("reload failed, nothing has changed", {{"error", script_user.error()}});
      continue;
    }
    speaker->reload(*std::move(config), *script_user);
    log::info("configuration reloaded");
  }
}

awaitable<int> run_role(config::Config config, Reread reread) {
  const auto executor = co_await asio::this_coro::executor;
  if (const auto able = check_capabilities(); !able) {
    log::error("the role vip can't start", {{"error", able.error()}});
    co_return 1;
  }
  auto options = options_of(executor, config);
  if (!options) {
    log::error("the role vip can't start", {{"error", options.error()}});
    co_return 1;
  }
  auto opened = Speaker::open(executor, *std::move(options));
  if (!opened) {
    log::error("the role vip can't start", {{"error", opened.error()}});
    co_return 1;
  }
  const auto speaker = *std::move(opened);
  std::unique_ptr<http::Server> server;
  if (config.vip.stats.listen) {
    auto started = start_server(executor, config, speaker.get());
    // An address that floats is worth more than its statistics.
    if (started) server = *std::move(started);
    if (!started) log::error("vip.stats.listen can't be served", {{"error", started.error()}});
  }
  const auto& globals = config.vip.global_defs;
  raise_priority(globals.vrrp_rt_priority, globals.vrrp_no_swap);
  async::TaskGroup tasks{executor};
  tasks.spawn("start", start_after(globals.vrrp_startup_delay, speaker.get()));
  co_await obey_signals(speaker.get(), std::move(reread));
  co_await tasks.stop();
  co_await speaker->stop();
  if (server) co_await server->stop();
  log::info("vip stopped");
  co_return 0;
}

}  // namespace

int run(const config::Config& config, Reread reread) {
  return async::run_on_own_loop(run_role(config, std::move(reread)));
}

}  // namespace holdfast::vip
