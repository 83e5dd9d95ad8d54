#pragma once

#include <deque>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/sections/postgresql.hpp"

namespace holdfast::agent {

// Runs `postgresql.callbacks` as `<command> <action> <role> <scope>`: one at a time, in order, so that a role
// change is never overtaken (EC-43). A hung one is killed after `limit`; a failure is logged and changes
// nothing.
class CallbackRunner {
 public:
  CallbackRunner(const asio::any_io_executor& executor, std::string scope, config::Callbacks callbacks);

  void call(const std::string& action, const std::string& role);
  void set(config::Callbacks callbacks) { callbacks_ = std::move(callbacks); }
  awaitable<void> stop();

 private:
  struct Call {
    std::string command, action, role;
  };
  awaitable<void> run();
  const std::string& command_for(const std::string& action) const;

  std::string scope_;
  config::Callbacks callbacks_;
  std::deque<Call> queue_;
  async::Event queued_;
  async::TaskGroup tasks_;
};

}  // namespace holdfast::agent
