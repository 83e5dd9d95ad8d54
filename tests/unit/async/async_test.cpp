#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>

#include "async/child_process.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "async/with_timeout.hpp"

namespace holdfast::async {
namespace {

template <class T>
T run(awaitable<T> task) {
  asio::io_context loop;
  std::optional<T> result;
  asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& failure, T value) {
    if (failure) std::rethrow_exception(failure);
    result = std::move(value);
  });
  loop.run();
  return std::move(result).value();
}

awaitable<Result<int>> never() {
  co_await sleep_for(1h);
  co_return 1;
}
awaitable<Result<int>> at_once(int value) {
  co_return value;
}

awaitable<Result<int>> limited(awaitable<Result<int>> task) {
  co_return co_await with_timeout(1ms, std::move(task));
}

TEST(WithTimeout, gives_the_value_of_what_ends_in_time) {
  EXPECT_EQ(run(limited(at_once(7))), 7);
}
TEST(WithTimeout, ends_what_does_not) {
  EXPECT_EQ(run(limited(never())).error().code, Errc::timed_out);
}

awaitable<void> wait_forever(bool* ended) {
  struct Mark {
    bool* flag;
    ~Mark() { *flag = true; }
  } mark{ended};
  co_await sleep_for(1h);
}
awaitable<bool> start_and_stop(bool* ended) {
  TaskGroup tasks{co_await asio::this_coro::executor};
  tasks.spawn("waits", wait_forever(ended));
  co_await sleep_for(1ms);
  co_await tasks.stop();
  co_return tasks.size() == 0;
}
TEST(TaskGroup, stops_what_it_owns_and_waits_for_it) {
  bool ended = false;
  EXPECT_TRUE(run(start_and_stop(&ended)));
  EXPECT_TRUE(ended);
}

awaitable<bool> notified_before() {
  Event event{co_await asio::this_coro::executor};
  event.notify();
  co_await event.wait();
  co_return !co_await event.wait_until(BootClock::now() + 1ms);
}
awaitable<void> end_soon(bool* ended) {
  co_await sleep_for(1ms);
  *ended = true;
}
awaitable<bool> start_and_join(bool* ended) {
  TaskGroup tasks{co_await asio::this_coro::executor};
  tasks.spawn("ends", end_soon(ended));
  co_await tasks.join();
  co_return tasks.size() == 0;
}
TEST(TaskGroup, joins_what_ends_by_itself_without_cutting_it_short) {
  bool ended = false;
  EXPECT_TRUE(run(start_and_join(&ended)));
  EXPECT_TRUE(ended);
}

TEST(Event, is_not_lost_when_it_comes_before_the_wait) {
  EXPECT_TRUE(run(notified_before()));
}

ChildOptions shell(std::string script) {
  return {.argv = {"/bin/sh", "-c", std::move(script)}};
}

TEST(ChildProcess, tells_exit_code_and_output) {
  const auto output = run(run_child(shell("echo out; echo err >&2; exit 3"), 10s));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->status.code, 3);
  EXPECT_EQ(output->text, "out\nerr\n");
}
TEST(ChildProcess, does_not_block_on_much_output) {
  const auto output = run(run_child(shell("seq 1 100000"), 20s));
  ASSERT_TRUE(output) << to_string(output.error());
  EXPECT_TRUE(output->text.ends_with("100000\n"));
}
TEST(ChildProcess, is_killed_past_its_limit) {
  const auto output = run(run_child(shell("exec sleep 1000"), 20ms));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Errc::timed_out);
}
TEST(ChildProcess, reports_a_missing_program) {
  const auto output = run(run_child({.argv = {"/no/such/program"}}, 1s));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Errc::not_found);
}
TEST(ChildProcess, gets_its_input_and_a_clean_environment) {
  setenv("PATRONI_SUPERUSER_PASSWORD", "x", 1);
  ChildOptions options = shell("cat; env | grep -c PATRONI_");
  options.input = "hello\n";
  const auto output = run(run_child(std::move(options), 10s));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->text, "hello\n0\n");
}
TEST(ChildProcess, that_leaves_a_server_behind_does_not_keep_us_waiting) {
  const auto output = run(run_child(shell("sleep 30 & echo $!"), 20s));
  ASSERT_TRUE(output);
  ::kill(std::stoi(output->text), SIGKILL);
}

awaitable<Result<void>> wait_for(pid_t pid) {
  return wait_for_exit(pid);
}
TEST(WaitForExit, returns_at_once_for_a_process_that_is_gone) {
  EXPECT_TRUE(run(wait_for(0x3fffff)));
}

}  // namespace
}  // namespace holdfast::async
