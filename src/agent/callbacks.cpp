#include "agent/callbacks.hpp"

#include "async/child_process.hpp"
#include "base/log.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds limit = 60s;

// Patroni splits the command as a shell would; a shell does it best.
async::ChildOptions child_for(const std::string& command, const std::string& action, const std::string& role,
                              const std::string& scope) {
  return {.argv = {"/bin/sh", "-c", command + " \"$@\"", "callback", action, role, scope}};
}

}  // namespace

CallbackRunner::CallbackRunner(const asio::any_io_executor& executor, std::string scope,
                               config::Callbacks callbacks)
    : scope_{std::move(scope)}, callbacks_{std::move(callbacks)}, queued_{executor}, tasks_{executor} {
  tasks_.spawn("callbacks", run());
}

const std::string& CallbackRunner::command_for(const std::string& action) const {
  static const std::string none;
  if (action == "on_reload") return callbacks_.on_reload;
  if (action == "on_restart") return callbacks_.on_restart;
  if (action == "on_role_change") return callbacks_.on_role_change;
  if (action == "on_start") return callbacks_.on_start;
  if (action == "on_stop") return callbacks_.on_stop;
  return none;
}

void CallbackRunner::call(const std::string& action, const std::string& role) {
  const auto& command = command_for(action);
  if (command.empty()) return;
  queue_.push_back({command, action, role});
  queued_.notify();
}

awaitable<void> CallbackRunner::run() {
  for (;;) {
    while (queue_.empty()) co_await queued_.wait();
    const Call call = std::move(queue_.front());
    queue_.pop_front();
    auto child = child_for(call.command, call.action, call.role, scope_);
    auto ended = co_await async::run_child(std::move(child), limit);
    if (!ended) {
      log::warn("callback failed", {{"action", call.action}, {"role", call.role}, {"error", ended.error()}});
    } else if (!ended->status.ok()) {
      log::warn("callback failed",
                {{"action", call.action}, {"role", call.role}, {"status", to_string(ended->status)}});
    }
  }
}

awaitable<void> CallbackRunner::stop() {
  co_await tasks_.stop();
}

}  // namespace holdfast::agent
