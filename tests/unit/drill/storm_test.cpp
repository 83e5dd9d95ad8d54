#include "drill/storm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace holdfast::drill {
namespace {

using testing::HasSubstr;

StormOptions any_storm(std::uint64_t seed) {
  return {.seed = seed,
          .length = 120s,
          .has_fronts = seed % 2 == 0,
          .has_vips = seed % 4 == 0,
          .is_mean = seed % 3 == 0,
          .can_isolate = seed % 5 != 0,
          .can_start = seed % 7 == 0,
          .has_supervisors = seed % 7 != 0};
}

Observation three_hosts() {
  Observation seen{.leader = "pg2", .dcs_answers = true, .etcd_up = 3, .etcd_members = 3};
  for (const char* name : {"pg1", "pg2", "pg3"}) {
    const bool leads = name == seen.leader;
    seen.members.push_back({.name = name,
                            .agent_answers = true,
                            .role = leads ? "primary" : "replica",
                            .state = "running",
                            .replication_state = leads ? "" : "streaming",
                            .synchronous = std::string_view{name} == "pg1",
                            .writable = leads});
  }
  seen.proxies = {{.name = "lb1", .answers = true, .gate = "open"},
                  {.name = "lb2", .answers = true, .gate = "open"}};
  seen.vips = {{.name = "lb1", .answers = true, .state = "BACKUP"},
               {.name = "lb2", .answers = true, .state = "MASTER"}};
  return seen;
}

template <class Do>
void for_each_trouble(const Storm& storm, Do act) {
  for (const auto& track : storm.tracks) {
    for (const auto& trouble : track) act(trouble);
  }
}

RC_GTEST_PROP(Storms, are_the_same_for_the_same_seed, (std::uint64_t seed)) {
  RC_ASSERT(plan_storm(any_storm(seed)) == plan_storm(any_storm(seed)));
}

TEST(Storms, differ_by_their_seeds) {
  EXPECT_NE(plan_storm({.seed = 1}), plan_storm({.seed = 2}));
}

RC_GTEST_PROP(Storms, undo_whatever_lasts, (std::uint64_t seed)) {
  for_each_trouble(plan_storm(any_storm(seed)), [](const Trouble& trouble) {
    for (std::size_t i = 0; i < trouble.beats.size(); ++i) {
      const auto& beat = trouble.beats[i];
      const auto undo = beat.victim ? undo_of(*beat.victim, beat.deed) : std::nullopt;
      if (!undo) continue;
      RC_ASSERT(std::any_of(trouble.beats.begin() + static_cast<std::ptrdiff_t>(i) + 1, trouble.beats.end(),
                            [&](const Beat& b) { return b.victim == beat.victim && b.deed == *undo; }));
    }
  });
}

RC_GTEST_PROP(Storms, wake_no_part_of_a_frozen_host_alone, (std::uint64_t seed)) {
  for_each_trouble(plan_storm(any_storm(seed)), [](const Trouble& trouble) {
    const auto freezes = [](const Beat& beat) { return beat.deed == Deed::freeze; };
    const auto freezes_all = [](const Beat& beat) {
      return beat.deed == Deed::freeze && beat.victim == Victim::node;
    };
    if (std::any_of(trouble.beats.begin(), trouble.beats.end(), freezes_all)) {
      RC_ASSERT(std::count_if(trouble.beats.begin(), trouble.beats.end(), freezes) == 1);
    }
  });
}

RC_GTEST_PROP(Storms, tell_their_beats_in_order_and_fill_their_time, (std::uint64_t seed)) {
  const auto options = any_storm(seed);
  for (const auto& track : plan_storm(options).tracks) {
    nanoseconds planned{};
    for (const auto& trouble : track) {
      RC_ASSERT(!trouble.beats.empty());
      RC_ASSERT(std::is_sorted(trouble.beats.begin(), trouble.beats.end(),
                               [](const auto& a, const auto& b) { return a.after < b.after; }));
      planned += trouble.pause + trouble.length();
    }
    RC_ASSERT(planned >= options.length);
  }
}

RC_GTEST_PROP(Storms, do_only_what_the_hands_can, (std::uint64_t seed)) {
  auto options = any_storm(seed);
  options.can_isolate = options.can_start = options.has_supervisors = false;
  for_each_trouble(plan_storm(options), [](const Trouble& trouble) {
    for (const auto& beat : trouble.beats) {
      RC_ASSERT(beat.deed != Deed::isolate && beat.deed != Deed::start && beat.victim != Victim::roles);
      RC_ASSERT(beat.victim != Victim::node || beat.deed != Deed::kill);
    }
  });
}

RC_GTEST_PROP(Storms, hit_one_database_host_at_a_time_unless_they_are_mean, (std::uint64_t seed)) {
  auto options = any_storm(seed);
  options.is_mean = false;
  const auto storm = plan_storm(options);
  RC_ASSERT(storm.tracks.size() == (options.has_fronts ? 2U : 1U));
  for (const auto& trouble : storm.tracks[0]) RC_ASSERT(trouble.aim != Aim::front);
  if (!options.has_fronts) return;
  for (const auto& trouble : storm.tracks[1]) RC_ASSERT(trouble.aim == Aim::front);
}

TEST(Storms, ask_for_a_switchover_only_of_the_primary) {
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    for_each_trouble(plan_storm(any_storm(seed)), [](const Trouble& trouble) {
      const bool switches = std::any_of(trouble.beats.begin(), trouble.beats.end(),
                                        [](const Beat& beat) { return !beat.victim; });
      if (switches) {
        EXPECT_EQ(trouble.aim, Aim::primary);
      }
    });
  }
}

TEST(Victims, are_found_when_it_is_done) {
  const auto seen = three_hosts();
  EXPECT_EQ(pick_victim({.aim = Aim::primary}, seen, {}), "pg2");
  EXPECT_EQ(pick_victim({.aim = Aim::standby, .pick = 0}, seen, {}), "pg1");
  EXPECT_EQ(pick_victim({.aim = Aim::standby, .pick = 1}, seen, {}), "pg3");
  EXPECT_EQ(pick_victim({.aim = Aim::front, .pick = 1}, seen, {}), "lb2");
}

TEST(Victims, are_not_those_of_another_track) {
  EXPECT_EQ(pick_victim({.aim = Aim::primary}, three_hosts(), {"pg2"}), std::nullopt);
  EXPECT_EQ(pick_victim({.aim = Aim::standby, .pick = 0}, three_hosts(), {"pg1"}), "pg3");
}

TEST(Survival, allows_one_host_of_a_whole_cluster) {
  EXPECT_EQ(too_much(three_hosts(), "pg2", Aim::primary, true), std::nullopt);
  EXPECT_EQ(too_much(three_hosts(), "lb2", Aim::front, true), std::nullopt);
}

TEST(Survival, forbids_a_second_database_host) {
  auto seen = three_hosts();
  seen.members[2].agent_answers = false;
  EXPECT_THAT(too_much(seen, "pg2", Aim::primary, true).value_or(""), HasSubstr("pg3"));
  seen = three_hosts();
  seen.etcd_up = 2;
  EXPECT_THAT(too_much(seen, "pg2", Aim::primary, true).value_or(""), HasSubstr("2 of 3 etcd members"));
}

TEST(Survival, waits_for_a_synchronous_standby_where_there_is_one) {
  auto seen = three_hosts();
  seen.members[0].synchronous = false;
  EXPECT_THAT(too_much(seen, "pg2", Aim::primary, true).value_or(""), HasSubstr("synchronous"));
  EXPECT_EQ(too_much(seen, "pg2", Aim::primary, false), std::nullopt);
}

TEST(Survival, forbids_the_last_proxy) {
  auto seen = three_hosts();
  seen.proxies[0].answers = false;
  EXPECT_THAT(too_much(seen, "lb2", Aim::front, true).value_or(""), HasSubstr("lb1"));
  EXPECT_EQ(too_much(seen, "pg2", Aim::primary, true), std::nullopt);
}

TEST(Troubles, are_told_as_they_happen) {
  const Trouble trouble{.beats = {{0ns, Victim::agent, Deed::freeze},
                                  {400ms, Victim::postgres, Deed::kill},
                                  {2s, Victim::agent, Deed::thaw}}};
  EXPECT_EQ(print_trouble(trouble), "freeze agent, after 0.4 s kill postgres, after 2.0 s thaw agent");
  EXPECT_EQ(print_briefly(trouble), "freeze agent and 2 more");
  EXPECT_EQ(print_briefly({.beats = {{}}}), "switchover");
}

}  // namespace
}  // namespace holdfast::drill
