#include "cli/role_etcd.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "agent/notify.hpp"
#include "agent/settings.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"
#include "cli/os_user.hpp"
#include "dcs/etcd/options.hpp"
#include "etcd/member.hpp"

namespace holdfast::cli {
namespace {

awaitable<void> run_member(etcd::Member* member, int* code, asio::signal_set* signals) {
  const auto outcome = co_await member->run();
  if (!outcome) {
    log::error("etcd can't run", {{"error", outcome.error()}});
    *code = 1;
  }
  signals->cancel();
}

awaitable<void> serve(etcd::Member* member, int* code) {
  const auto executor = co_await asio::this_coro::executor;
  asio::signal_set signals{executor, SIGTERM, SIGINT};
  async::TaskGroup tasks{executor};
  tasks.spawn("etcd member", run_member(member, code, &signals));
  agent::notify_systemd("READY=1");
  co_await signals.async_wait(as_result);
  agent::notify_systemd("STOPPING=1");
  co_await member->stop();
  co_await tasks.stop();
}

}  // namespace

int run_etcd(const config::Config& config) {
  etcd::MemberOptions options{.server = config.etcd_server, .client = dcs::options_of(config.etcd)};
  if (const auto user = find_os_user(config)) options.user = *user;
  asio::io_context io{1};
  etcd::Member member{io.get_executor(), std::move(options)};
  int code = 0;
  // A reload changes nothing here: what etcd was started with stands.
  std::signal(SIGHUP, SIG_IGN);
  asio::co_spawn(io, serve(&member, &code), [&](const std::exception_ptr& failure) {
    if (failure) code = 1;
    io.stop();
  });
  io.run();
  return code;
}

}  // namespace holdfast::cli
