#include "vrrp/tracking.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::vrrp {
namespace {

Tracked script(int weight, std::optional<bool> is_up, bool reverse = false) {
  return {.name = "script chk", .weight = weight, .reverse = reverse, .is_up = is_up};
}

Tracked file(int weight, int value, bool reverse = false) {
  return {.name = "file f", .weight = weight, .reverse = reverse, .file_value = value, .is_file = true};
}

int priority(const Tracked& tracked) {
  return assess(100, {tracked}, std::nullopt).priority;
}

bool is_fault(const Tracked& tracked) {
  return assess(100, {tracked}, std::nullopt).is_fault;
}

TEST(Assess, changes_nothing_when_nothing_is_tracked) {
  EXPECT_EQ(assess(100, {}, std::nullopt), (Standing{.priority = 100}));
}

TEST(Assess, adds_a_positive_weight_while_it_works_and_a_negative_one_while_it_fails) {
  EXPECT_EQ(priority(script(10, true)), 110);
  EXPECT_EQ(priority(script(10, false)), 100);
  EXPECT_EQ(priority(script(-10, true)), 100);
  EXPECT_EQ(priority(script(-10, false)), 90);
  EXPECT_EQ(priority(script(10, std::nullopt)), 100);
  EXPECT_EQ(priority(script(-10, std::nullopt)), 100);
}

TEST(Assess, turns_the_sign_of_a_reversed_weight) {
  EXPECT_EQ(priority(script(10, true, true)), 90);
  EXPECT_EQ(priority(script(-10, false, true)), 110);
}

TEST(Assess, takes_weight_zero_for_a_fault) {
  EXPECT_FALSE(is_fault(script(0, true)));
  EXPECT_TRUE(is_fault(script(0, false)));
  EXPECT_TRUE(is_fault(script(0, std::nullopt)));
  EXPECT_TRUE(is_fault(script(0, true, true)));
  EXPECT_FALSE(is_fault(script(0, false, true)));
  EXPECT_FALSE(is_fault(script(-50, false)));
}

TEST(Assess, adds_the_number_in_a_file_times_its_weight) {
  EXPECT_EQ(priority(file(2, 20)), 140);
  EXPECT_EQ(priority(file(1, -30)), 70);
  EXPECT_EQ(priority(file(1, -30, true)), 130);
  EXPECT_EQ(priority(file(253, 2'000'000'000)), 254);
  EXPECT_FALSE(is_fault(file(0, 0)));
  EXPECT_TRUE(is_fault(file(0, 3)));
}

TEST(Assess, keeps_the_sum_between_1_and_254_and_the_owner_at_255) {
  EXPECT_EQ(assess(100, {script(-253, false)}, std::nullopt).priority, 1);
  EXPECT_EQ(assess(200, {script(253, true)}, std::nullopt).priority, 254);
  EXPECT_EQ(assess(255, {script(-253, false)}, std::nullopt).priority, 255);
  EXPECT_EQ(assess(100, {script(100, true), script(100, true), script(-150, false)}, std::nullopt).priority,
            150);
}

TEST(Assess, says_why_in_words) {
  Tracked link = script(0, false);
  link.name = "interface eth0";
  link.why = "carrier lost";
  const auto standing = assess(100, {script(-20, false), link}, ServiceHealth{false, "proxy lb1 has ended"});
  EXPECT_TRUE(standing.is_fault);
  EXPECT_TRUE(standing.is_sick);
  EXPECT_EQ(standing.priority, 80);
  EXPECT_EQ(standing.why, "script chk: failed (-20); interface eth0: carrier lost; proxy lb1 has ended");
}

TEST(Assess, is_sick_when_the_service_is) {
  EXPECT_FALSE(assess(100, {}, ServiceHealth{}).is_sick);
  EXPECT_TRUE(assess(100, {}, ServiceHealth{false, ""}).is_sick);
}

RC_GTEST_PROP(Assess, never_leaves_the_range_of_priorities,
              (std::vector<std::pair<int, int>> pairs, bool up)) {
  std::vector<Tracked> all;
  for (const auto& [weight, value] : pairs) {
    all.push_back(script(weight % 254, up));
    all.push_back(file(weight % 254, value));
  }
  const int base = *rc::gen::inRange(1, 256);
  const auto standing = assess(base, all, std::nullopt);
  RC_ASSERT(standing.priority >= 1);
  RC_ASSERT((standing.priority == 255) == (base == 255));
}

std::optional<bool> after(ScriptVerdict verdict, std::string_view results) {
  for (const char result : results) verdict.on_result(result == '+');
  return verdict.is_up();
}

TEST(ScriptVerdict, is_not_known_before_the_first_result_which_decides) {
  EXPECT_EQ(after({3, 3, false}, ""), std::nullopt);
  EXPECT_EQ(after({3, 3, false}, "+"), true);
  EXPECT_EQ(after({3, 3, false}, "-"), false);
}

TEST(ScriptVerdict, needs_so_many_results_in_a_row_to_change) {
  EXPECT_EQ(after({2, 3, false}, "+--"), true);
  EXPECT_EQ(after({2, 3, false}, "+---"), false);
  EXPECT_EQ(after({2, 3, false}, "+--+--"), true);
  EXPECT_EQ(after({2, 3, false}, "+---+"), false);
  EXPECT_EQ(after({2, 3, false}, "+---+-+"), false);
  EXPECT_EQ(after({2, 3, false}, "+---++"), true);
}

TEST(ScriptVerdict, that_starts_failed_must_rise) {
  EXPECT_EQ(after({2, 1, true}, ""), false);
  EXPECT_EQ(after({2, 1, true}, "+"), false);
  EXPECT_EQ(after({2, 1, true}, "++"), true);
}

}  // namespace
}  // namespace holdfast::vrrp
