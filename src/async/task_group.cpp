#include "async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include "async/event.hpp"
#include "base/check.hpp"
#include "base/log.hpp"

namespace holdfast::async {

struct TaskGroup::State {
  explicit State(const asio::any_io_executor& executor) : emptied{executor} {}

  struct Task {
    std::string name;
    asio::cancellation_signal cancel;
  };
  std::list<Task> tasks;
  bool stopped = false;
  Event emptied;
};

namespace {

void report(const std::string& name, const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return;
    log::error("task failed", {{"task", name}, {"error", std::string{error.what()}}});
  } catch (const std::exception& error) {
    log::error("task failed", {{"task", name}, {"error", std::string{error.what()}}});
  }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : executor_{std::move(executor)}, state_{std::make_shared<State>(executor_)} {}

TaskGroup::~TaskGroup() {
  CHECK(state_->tasks.empty());
}

void TaskGroup::spawn(std::string name, awaitable<void> task) {
  if (state_->stopped) return;
  auto place = state_->tasks.emplace(state_->tasks.end());
  place->name = std::move(name);
  asio::co_spawn(executor_, std::move(task),
                 asio::bind_cancellation_slot(place->cancel.slot(),
                                              [state = state_, place](const std::exception_ptr& failure) {
                                                report(place->name, failure);
                                                state->tasks.erase(place);
                                                if (state->tasks.empty()) state->emptied.notify();
                                              }));
}

void TaskGroup::cancel() {
  // A cancelled task may end at once and erase itself: step over each before it is told.
  for (auto task = state_->tasks.begin(); task != state_->tasks.end();) {
    auto& current = *task++;
    current.cancel.emit(asio::cancellation_type::terminal);
  }
}

awaitable<void> TaskGroup::stop() {
  const auto state = state_;
  state->stopped = true;
  cancel();
  while (!state->tasks.empty()) co_await state->emptied.wait();
}

awaitable<void> TaskGroup::join() {
  const auto state = state_;
  while (!state->tasks.empty()) co_await state->emptied.wait();
}

std::size_t TaskGroup::size() const {
  return state_->tasks.size();
}

}  // namespace holdfast::async
