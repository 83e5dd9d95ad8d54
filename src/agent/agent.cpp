#include "agent/agent.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>

#include "agent/loop.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"

namespace holdfast::agent {
namespace {

std::string what(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

awaitable<void> watch_signals(Agent* agent) {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGTERM, SIGINT, SIGHUP};
  for (;;) {
    auto [ec, number] = co_await signals.async_wait(as_result);
    if (ec) co_return;
    if (number == SIGHUP) {
      agent->order_reload();
    } else {
      agent->order_stop();
    }
  }
}

}  // namespace

int run_agent(config::Loaded loaded, config::LoadRequest request) {
  if (geteuid() == 0) {
    log::error(
        "the agent does not run as root, as PostgreSQL does not: start it as the user that owns the data "
        "directory, or use `holdfast run`, which switches to os_user");
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context loop{1};
  int code = 1;
  {
    Agent agent{loop.get_executor(), std::move(loaded), std::move(request)};
    async::TaskGroup signals{loop.get_executor()};
    signals.spawn("signals", watch_signals(&agent));
    asio::co_spawn(loop, agent.run(), [&](const std::exception_ptr& failure, int result) {
      if (failure) {
        log::error("the agent failed", {{"error", what(failure)}});
        std::_Exit(1);  // PostgreSQL goes on; the supervisor starts us again, the sentinel bounds the time
      }
      code = result;
      signals.cancel();
    });
    loop.run();
  }
  return code;
}

}  // namespace holdfast::agent
