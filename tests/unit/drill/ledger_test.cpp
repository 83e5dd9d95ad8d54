#include "drill/ledger.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace holdfast::drill {
namespace {

BootInstant at(int ms) {
  return BootInstant{milliseconds{ms}};
}

std::vector<BootInstant> instants(std::initializer_list<int> ms) {
  std::vector<BootInstant> all;
  for (const int m : ms) all.push_back(at(m));
  return all;
}

TEST(LongestGap, lies_between_two_acknowledgements) {
  EXPECT_EQ(longest_gap(instants({0, 10, 400, 410}), {at(0), at(410)}), (Gap{at(10), at(400)}));
}

TEST(LongestGap, is_told_whole_when_it_sticks_out_of_the_window) {
  EXPECT_EQ(longest_gap(instants({0, 500, 510}), {at(100), at(510)}), (Gap{at(0), at(500)}));
  EXPECT_EQ(longest_gap(instants({0, 10, 900}), {at(5), at(300)}), (Gap{at(10), at(900)}));
}

TEST(LongestGap, reaches_to_the_edges_when_nothing_was_acknowledged) {
  EXPECT_EQ(longest_gap({}, {at(100), at(300)}), (Gap{at(100), at(300)}));
  EXPECT_EQ(longest_gap(instants({120}), {at(100), at(300)}), (Gap{at(120), at(300)}));
}

RC_GTEST_PROP(LongestGap, holds_no_acknowledgement_inside, (std::vector<std::uint16_t> raw)) {
  std::vector<BootInstant> moments;
  for (const auto ms : raw) moments.push_back(at(ms));
  std::sort(moments.begin(), moments.end());
  const auto gap = longest_gap(moments, {at(1000), at(50000)});
  RC_ASSERT(gap.begin <= gap.end);
  for (const auto moment : moments) RC_ASSERT(moment <= gap.begin || moment >= gap.end);
  for (std::size_t i = 1; i < moments.size(); ++i) {
    if (moments[i - 1] < at(1000) || moments[i] > at(50000)) continue;
    RC_ASSERT(moments[i] - moments[i - 1] <= gap.length());
  }
}

TEST(Ledger, names_the_acknowledged_writes_that_are_missing) {
  Ledger ledger;
  ledger.acknowledge_write(7, at(1));
  ledger.acknowledge_write(3, at(2));
  ledger.acknowledge_write(5, at(3));
  EXPECT_EQ(ledger.missing({5}), (std::vector<std::int64_t>{3, 7}));
}

TEST(Ledger, does_not_call_a_doubtful_write_lost) {
  Ledger ledger;
  ledger.doubt(9);
  EXPECT_TRUE(ledger.missing({}).empty());
}

TEST(Ledger, counts_errors_by_kind_and_window) {
  Ledger ledger;
  ledger.fail(Load::write, "57P03", at(10));
  ledger.fail(Load::write, "57P03", at(20));
  ledger.fail(Load::write, "timeout", at(99));
  ledger.fail(Load::read, "57P03", at(15));
  EXPECT_EQ(ledger.errors(Load::write, {at(0), at(50)}), (Counts{{"57P03", 2}}));
}

TEST(Ledger, counts_acknowledgements_in_a_window) {
  Ledger ledger;
  for (int ms = 0; ms < 10; ++ms) ledger.acknowledge_write(ms, at(ms));
  EXPECT_EQ(ledger.count(Load::write, {at(2), at(4)}), 3U);
  EXPECT_EQ(ledger.count(Load::read, {at(2), at(4)}), 0U);
}

}  // namespace
}  // namespace holdfast::drill
