#pragma once

#include <list>
#include <memory>
#include <string>

#include "async/asio.hpp"

namespace holdfast::async {

// Owns background coroutines of one executor: reports a failure, stops them, waits for them. The destructor
// CHECKs that none is left, so an owner must `co_await stop()` (or run the io_context dry) first. Not
// thread-safe.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task`. An exception other than cancellation is logged as an error under `name`; it ends that task
  // only. After stop() was called the task is dropped without being started.
  void spawn(std::string name, awaitable<void> task);

  // Asks all tasks to end (terminal cancellation) without waiting.
  void cancel();

  // Cancels all and returns when the last has ended. From then on nothing more can be spawned.
  awaitable<void> stop();

  // Returns when the last has ended by itself; for tasks that must not be cut short.
  awaitable<void> join();

  std::size_t size() const;
  const asio::any_io_executor& executor() const { return executor_; }

 private:
  struct State;
  asio::any_io_executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::async
