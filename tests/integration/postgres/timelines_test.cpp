#include "postgres/timelines.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "integration/postgres/world.hpp"

namespace holdfast::postgres {
namespace {

std::string count_rows() {
  return "SELECT count(*)::text FROM public.t";
}
std::string received_timeline() {
  return "SELECT received_tli::text FROM pg_stat_wal_receiver";
}

std::filesystem::path history_file(const Control& control, Timeline timeline) {
  return fmt::format("{}/pg_wal/{:08X}.history", control.options().data_dir, timeline);
}

// A standby that is told 4 by the DCS: 2 and 3 went to members whose history it never saw.
awaitable<void> gap_story(Place one, Place two, Place three, Place four) {
  const auto executor = co_await asio::this_coro::executor;
  Control old_primary{executor, one.options()}, chosen{executor, two.options()},
      other{executor, three.options()}, fresh{executor, four.options()};
  auto made = co_await make_primary(&old_primary);
  need(made);
  auto filled =
      co_await old_primary.query("CREATE TABLE public.t AS SELECT generate_series(1, 1000) AS id", {}, 5s);
  need(filled);
  for (Control* standby : {&chosen, &other}) {
    auto cloned = co_await make_standby(standby, upstream_of(old_primary));
    need(cloned);
    auto arrived = co_await wait_for_answer(standby, count_rows(), "1000");
    need(arrived);
  }

  auto promoted = co_await chosen.promote(4, 30s);
  need(promoted);
  EXPECT_EQ(*promoted, 4U);
  EXPECT_TRUE(std::filesystem::exists(history_file(chosen, 2)));
  EXPECT_TRUE(std::filesystem::exists(history_file(chosen, 3)));
  auto wrote = co_await chosen.query("INSERT INTO public.t VALUES (2000)", {}, 5s);
  need(wrote);

  // A running standby comes over from timeline 1, and fetches every history on the way.
  auto followed = co_await other.follow(upstream_of(chosen));
  need(followed);
  auto arrived = co_await wait_for_answer(&other, count_rows(), "1001");
  need(arrived);
  auto timeline = co_await wait_for_answer(&other, received_timeline(), "4");
  EXPECT_TRUE(timeline) << to_string(timeline.error());
  EXPECT_TRUE(std::filesystem::exists(history_file(other, 2)));

  // The old primary went on, and is rewound.
  auto diverged =
      co_await old_primary.query("INSERT INTO public.t SELECT generate_series(3000, 3100)", {}, 5s);
  need(diverged);
  auto killed = co_await old_primary.kill_all();
  need(killed);
  auto source = co_await ask_source(old_primary.options(), upstream_of(chosen));
  need(source);
  EXPECT_EQ(source->timeline, 4U);
  EXPECT_EQ(source->history.ancestors.size(), 1U);
  auto recovered = co_await old_primary.recover_single_user(60s);
  need(recovered);
  auto checkpointed = co_await chosen.checkpoint(30s);
  need(checkpointed);
  RewindOptions how;
  auto rewound = co_await old_primary.rewind(upstream_of(chosen), how);
  need(rewound);
  EXPECT_EQ(rewound->outcome, RewindOutcome::rewound) << rewound->text;
  StartOptions as_standby{.role = Role::standby, .upstream = upstream_of(chosen)};
  auto started = co_await old_primary.start(std::move(as_standby));
  need(started);
  arrived = co_await wait_for_answer(&old_primary, count_rows(), "1001");
  EXPECT_TRUE(arrived) << to_string(arrived.error());

  auto cloned = co_await make_standby(&fresh, upstream_of(chosen));
  need(cloned);
  arrived = co_await wait_for_answer(&fresh, count_rows(), "1001");
  EXPECT_TRUE(arrived) << to_string(arrived.error());

  // The next failover: a number that is taken is refused before anything is begun, the next one needs no
  // file.
  auto refused = co_await other.promote(4, 30s);
  EXPECT_FALSE(refused);
  auto still = co_await other.status(3s);
  need(still);
  EXPECT_TRUE(still->in_recovery);
  auto stopped = co_await chosen.stop(StopMode::fast, 30s);
  need(stopped);
  promoted = co_await other.promote(5, 30s);
  need(promoted);
  EXPECT_EQ(*promoted, 5U);
  for (Control* standby : {&old_primary, &fresh}) {
    followed = co_await standby->follow(upstream_of(other));
    need(followed);
    timeline = co_await wait_for_answer(standby, received_timeline(), "5");
    EXPECT_TRUE(timeline) << to_string(timeline.error());
  }
}
TEST(Timelines, are_passed_over_when_they_belong_to_others_and_everybody_follows) {
  tell(gap_story(Place{"t1"}, Place{"t2"}, Place{"t3"}, Place{"t4"}));
}

// The agent died between taking the numbers and the promotion: PostgreSQL would never come up.
awaitable<void> interrupted_story(Place one, Place two) {
  const auto executor = co_await asio::this_coro::executor;
  Control primary{executor, one.options()}, standby{executor, two.options()};
  auto made = co_await make_primary(&primary);
  need(made);
  auto filled =
      co_await primary.query("CREATE TABLE public.t AS SELECT generate_series(1, 1000) AS id", {}, 5s);
  need(filled);
  auto cloned = co_await make_standby(&standby, upstream_of(primary));
  need(cloned);
  auto reserved = reserve_timelines(standby.options(), 1, 4);
  need(reserved);
  // While it runs it looks for newer timelines whenever its stream ends, and must not go over to these.
  auto cut = co_await standby.follow({});
  need(cut);
  auto gone = co_await standby.wait_receiver_gone(10s);
  need(gone);
  auto followed = co_await standby.follow(upstream_of(primary));
  need(followed);
  auto timeline = co_await wait_for_answer(&standby, received_timeline(), "1");
  EXPECT_TRUE(timeline) << to_string(timeline.error());
  auto stopped = co_await standby.stop(StopMode::immediate, 30s);
  need(stopped);

  StartOptions as_standby{.role = Role::standby, .upstream = upstream_of(primary)};
  auto started = co_await standby.start(std::move(as_standby));
  need(started);
  EXPECT_FALSE(std::filesystem::exists(history_file(standby, 3)));
  auto wrote = co_await primary.query("INSERT INTO public.t VALUES (2000)", {}, 5s);
  need(wrote);
  auto arrived = co_await wait_for_answer(&standby, count_rows(), "1001");
  EXPECT_TRUE(arrived) << to_string(arrived.error());
}
TEST(Timelines, taken_for_a_promotion_that_never_came_do_not_keep_the_standby_from_starting) {
  tell(interrupted_story(Place{"i1"}, Place{"i2"}));
}

}  // namespace
}  // namespace holdfast::postgres
