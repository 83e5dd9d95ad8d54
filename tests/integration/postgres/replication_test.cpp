#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "integration/postgres/world.hpp"

namespace holdfast::postgres {
namespace {

std::string fill_table() {
  return "CREATE TABLE public.t AS SELECT generate_series(1, 1000) AS id";
}
std::string count_rows() {
  return "SELECT count(*)::text FROM public.t";
}

// A primary with a streaming standby is promoted away from, diverges, and comes back by pg_rewind.
awaitable<void> failover_story(Place one, Place two) {
  Control old_primary{co_await asio::this_coro::executor, one.options()};
  Control standby{co_await asio::this_coro::executor, two.options()};
  auto made = co_await make_primary(&old_primary);
  need(made);
  SlotPlan slots{.create = {"two"}};
  auto slot = co_await old_primary.apply_slots(slots);
  EXPECT_TRUE(slot);
  auto filled = co_await old_primary.query(fill_table(), {}, 5s);
  need(filled);

  Upstream from_old = upstream_of(old_primary);
  from_old.slot = "two";
  auto cloned = co_await make_standby(&standby, from_old);
  need(cloned);
  auto arrived = co_await wait_for_answer(&standby, count_rows(), "1000");
  EXPECT_TRUE(arrived) << to_string(arrived.error());
  auto streaming =
      co_await wait_for_answer(&old_primary, "SELECT state FROM pg_stat_replication", "streaming");
  EXPECT_TRUE(streaming) << to_string(streaming.error());
  auto status = co_await old_primary.status(3s);
  need(status);
  EXPECT_EQ(status->replication.at(0).application_name, "two");
  EXPECT_EQ(status->replication.at(0).slot_name, "two");
  EXPECT_EQ(status->slots.at(0).name, "two");
  auto of_standby = co_await standby.status(3s);
  need(of_standby);
  EXPECT_TRUE(of_standby->in_recovery);
  EXPECT_EQ(of_standby->receiver.value_or(WalReceiver{}).status, "streaming");
  EXPECT_EQ(of_standby->primary_conninfo_host, "127.0.0.1");

  auto fenced = co_await standby.follow({});
  EXPECT_TRUE(fenced) << to_string(fenced.error());
  auto silent = co_await standby.wait_receiver_gone(10s);
  EXPECT_TRUE(silent) << to_string(silent.error());
  auto followed = co_await standby.follow(from_old);
  EXPECT_TRUE(followed);
  streaming = co_await wait_for_answer(&standby, "SELECT status FROM pg_stat_wal_receiver", "streaming");
  EXPECT_TRUE(streaming) << to_string(streaming.error());

  auto promoted = co_await standby.promote(2, 30s);
  need(promoted);
  EXPECT_EQ(*promoted, 2U);
  auto wrote = co_await standby.query("INSERT INTO public.t VALUES (2000)", {}, 5s);
  EXPECT_TRUE(wrote);
  auto diverged =
      co_await old_primary.query("INSERT INTO public.t SELECT generate_series(3000, 3100)", {}, 5s);
  EXPECT_TRUE(diverged);
  auto killed = co_await old_primary.kill_all();
  EXPECT_TRUE(killed);

  auto source = co_await ask_source(old_primary.options(), upstream_of(standby));
  need(source);
  EXPECT_EQ(source->timeline, 2U);
  EXPECT_EQ(source->system_identifier, *made);
  auto recovered = co_await old_primary.recover_single_user(60s);
  EXPECT_TRUE(recovered) << to_string(recovered.error());
  auto control = co_await old_primary.control_data();
  need(control);
  EXPECT_EQ(divergence(stopped_at(*control), source->timeline, source->history), Divergence::diverged);

  auto checkpointed = co_await standby.checkpoint(30s);
  EXPECT_TRUE(checkpointed) << to_string(checkpointed.error());
  RewindOptions how;
  auto rewound = co_await old_primary.rewind(upstream_of(standby), how);
  need(rewound);
  EXPECT_EQ(rewound->outcome, RewindOutcome::rewound) << rewound->text;
  StartOptions as_standby{.role = Role::standby, .upstream = upstream_of(standby)};
  auto started = co_await old_primary.start(std::move(as_standby));
  EXPECT_TRUE(started) << to_string(started.error());
  arrived = co_await wait_for_answer(&old_primary, count_rows(), "1001");
  EXPECT_TRUE(arrived) << to_string(arrived.error());

  auto refused = co_await standby.follow(from_old);
  EXPECT_FALSE(refused) << "a primary can't be made to follow by a reload";
  for (Control* member : {&old_primary, &standby}) {
    auto stopped = co_await member->stop(StopMode::fast, 30s);
    EXPECT_TRUE(stopped && stopped->was_clean);
  }
}
TEST(Replication, survives_promotion_and_rewinds_the_old_primary) {
  tell(failover_story(Place{"one"}, Place{"two"}));
}

awaitable<void> source_in_recovery_story(Place one, Place two) {
  Control primary{co_await asio::this_coro::executor, one.options()};
  Control standby{co_await asio::this_coro::executor, two.options()};
  auto made = co_await make_primary(&primary);
  need(made);
  auto cloned = co_await make_standby(&standby, upstream_of(primary));
  need(cloned);
  auto stopped = co_await primary.stop(StopMode::fast, 30s);
  EXPECT_TRUE(stopped);
  RewindOptions how;
  auto rewound = co_await primary.rewind(upstream_of(standby), how);
  need(rewound);
  EXPECT_EQ(rewound->outcome, RewindOutcome::source_not_ready) << rewound->text;
  auto found = co_await primary.inspect();
  EXPECT_TRUE(found && found->state == DirectoryState::valid);
}
TEST(Replication, does_not_rewind_from_a_source_that_is_still_in_recovery) {
  tell(source_in_recovery_story(Place{"r1"}, Place{"r2"}));
}

// The primary dies in the middle of the base backup (slowed down so that there is a middle).
awaitable<void> broken_clone_story(Place one, Place two) {
  Control primary{co_await asio::this_coro::executor, one.options()};
  Options slow = two.options();
  slow.basebackup = {"--no-sync", "--max-rate=2M"};
  Control standby{co_await asio::this_coro::executor, slow};
  auto made = co_await make_primary(&primary);
  need(made);
  const Options doomed = primary.options();
  auto total = std::make_shared<std::int64_t>(0);
  CloneOptions how;
  how.on_progress = [doomed, total](CloneProgress progress) {
    *total = progress.bytes_total;
    if (progress.bytes_done == 0) return;
    for (const pid_t pid : processes_of(doomed)) kill(pid, SIGKILL);
  };
  auto cloned = co_await standby.clone(upstream_of(primary), std::move(how));
  EXPECT_FALSE(cloned);
  EXPECT_GT(*total, 0);
  auto found = co_await standby.inspect();
  EXPECT_TRUE(found && found->state != DirectoryState::valid);
}
TEST(Replication, does_not_take_a_clone_for_whole_whose_source_died) {
  tell(broken_clone_story(Place{"b1"}, Place{"b2"}));
}

awaitable<void> cancelled_clone_story(Place one, Place two) {
  Control primary{co_await asio::this_coro::executor, one.options()};
  Options slow = two.options();
  slow.basebackup = {"--no-sync", "--max-rate=1M"};
  Control standby{co_await asio::this_coro::executor, slow};
  auto made = co_await make_primary(&primary);
  need(made);
  CloneOptions how;
  auto cloning = standby.clone(upstream_of(primary), how);
  auto cloned = co_await async::with_timeout(2s, std::move(cloning));
  EXPECT_FALSE(cloned);
  EXPECT_EQ(cloned.error().code, Errc::timed_out);
  // A new agent finds it, does not start it, and the next clone replaces it.
  Control restarted{co_await asio::this_coro::executor, two.options()};
  auto found = co_await restarted.inspect();
  EXPECT_TRUE(found && found->state == DirectoryState::incomplete) << to_string(found->state);
  EXPECT_EQ(found->work, "clone");
  StartOptions start;
  auto started = co_await restarted.start(std::move(start));
  EXPECT_FALSE(started);
  auto again = co_await make_standby(&restarted, upstream_of(primary));
  EXPECT_TRUE(again) << to_string(again.error());
}
TEST(Replication, recognises_an_interrupted_clone_and_replaces_it) {
  tell(cancelled_clone_story(Place{"c1"}, Place{"c2"}));
}

awaitable<void> wrong_password_story(Place one, Place two) {
  Control primary{co_await asio::this_coro::executor, one.options()};
  Options wrong = two.options();
  wrong.replication.password = Secret{"mistyped"};
  Control standby{co_await asio::this_coro::executor, wrong};
  auto made = co_await make_primary(&primary);
  need(made);
  CloneOptions how;
  auto cloned = co_await standby.clone(upstream_of(primary), how);
  EXPECT_FALSE(cloned);
  EXPECT_EQ(cloned.error().code, Errc::refused);
  EXPECT_NE(cloned.error().context.find("replication password is wrong"), std::string::npos)
      << cloned.error().context;
  EXPECT_EQ(cloned.error().context.find("mistyped"), std::string::npos);
}
TEST(Replication, says_that_its_password_is_wrong) {
  tell(wrong_password_story(Place{"w1"}, Place{"w2"}));
}

awaitable<void> full_disk_story(Place one, Place two) {
  Control primary{co_await asio::this_coro::executor, one.options()};
  Options small = resolved(two.options());
  small.data_dir = small.config_dir = std::string{small_disk} + "/data";
  Control standby{co_await asio::this_coro::executor, small};
  auto made = co_await make_primary(&primary);
  need(made);
  CloneOptions how;
  auto cloned = co_await standby.clone(upstream_of(primary), how);
  EXPECT_FALSE(cloned);
  EXPECT_EQ(cloned.error().code, Errc::no_space) << to_string(cloned.error());
  EXPECT_NE(cloned.error().context.find("the disk is full"), std::string::npos) << cloned.error().context;
  auto found = co_await standby.inspect();
  EXPECT_TRUE(found && found->state != DirectoryState::valid);
}
TEST(Replication, says_that_the_disk_is_full) {
  if (!has_small_disk()) GTEST_SKIP() << "needs root and a place to mount a small disk";
  tell(full_disk_story(Place{"f1"}, Place{"f2"}));
}

// A standby with smaller settings than its primary's would refuse to start (EC-42).
awaitable<void> small_standby_story(Place one, Place two) {
  Options large = one.options();
  large.parameters["max_connections"] = "130";
  Control primary{co_await asio::this_coro::executor, large};
  Control standby{co_await asio::this_coro::executor, two.options()};
  auto made = co_await make_primary(&primary);
  need(made);
  auto cloned = co_await make_standby(&standby, upstream_of(primary));
  need(cloned);
  auto held = co_await wait_for_answer(&standby, "SHOW max_connections", "130");
  EXPECT_TRUE(held) << to_string(held.error());
}
TEST(Replication, starts_a_standby_with_the_larger_of_its_own_and_recorded_settings) {
  tell(small_standby_story(Place{"s1"}, Place{"s2"}));
}

}  // namespace
}  // namespace holdfast::postgres
