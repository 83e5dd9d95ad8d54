#include "drill/consistency.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "unit/drill/single_copy.hpp"

namespace holdfast::drill {
namespace {

using testing::HasSubstr;

BootInstant at(int ms) {
  return BootInstant{milliseconds{ms}};
}

Operation over(Operation operation, int from, int to, Outcome outcome = Outcome::done) {
  operation.invoked = at(from);
  operation.completed = outcome == Outcome::unknown ? BootInstant{} : at(to);
  operation.outcome = outcome;
  return operation;
}
Operation write(std::int64_t value) {
  return {.act = Act::write, .value = value};
}
Operation read(std::int64_t value) {
  return {.act = Act::read, .value = value};
}
Operation swap(std::int64_t expected, std::int64_t value, bool has_swapped) {
  return {.act = Act::compare_and_set, .value = value, .expected = expected, .has_swapped = has_swapped};
}
Operation append(std::int64_t value) {
  return {.act = Act::append, .value = value};
}
Operation read_list(std::vector<std::int64_t> items) {
  return {.act = Act::read_list, .items = std::move(items)};
}

// What is said of the only thing wrong; "" when nothing is.
std::string complaint(const Operations& operations) {
  const auto judgement = judge(operations);
  return judgement.violations.empty() ? "" : judgement.violations.front().what;
}

CopyOptions any_copy(std::uint64_t seed, bool lists) {
  return {.seed = seed,
          .operations = 20 + static_cast<int>(seed % 150),
          .keys = 1 + static_cast<int>(seed % 3),
          .clients = 1 + static_cast<int>(seed % 7),
          .unknown_percent = static_cast<int>(seed % 40),
          .lists = lists};
}

RC_GTEST_PROP(Registers, of_a_single_copy_are_accepted, (std::uint64_t seed)) {
  const auto judgement = judge(SingleCopy{any_copy(seed, false)}.run());
  RC_ASSERT(judgement.is_linearizable());
  RC_ASSERT(judgement.undecided.empty());
}

RC_GTEST_PROP(Lists, of_a_single_copy_are_accepted, (std::uint64_t seed)) {
  RC_ASSERT(judge(SingleCopy{any_copy(seed, true)}.run()).is_linearizable());
}

TEST(Registers, may_be_read_old_or_new_while_a_write_is_under_way) {
  EXPECT_EQ(
      complaint({over(write(1), 0, 5), over(write(2), 10, 50), over(read(2), 20, 22), over(read(2), 30, 31)}),
      "");
  EXPECT_EQ(
      complaint({over(write(1), 0, 5), over(write(2), 10, 50), over(read(1), 20, 22), over(read(2), 30, 31)}),
      "");
}

TEST(Registers, may_not_go_back_while_a_write_is_under_way) {
  EXPECT_THAT(
      complaint({over(write(1), 0, 5), over(write(2), 10, 50), over(read(2), 20, 22), over(read(1), 30, 31)}),
      HasSubstr("register 0"));
}

TEST(Registers, lose_no_acknowledged_write) {
  const Operations lost{over(write(1), 0, 5), over(write(2), 10, 15), over(read(1), 20, 22)};
  EXPECT_THAT(complaint(lost),
              HasSubstr("1 was found although 2 had been acknowledged before: an acknowledged "
                        "write was lost"));
}

TEST(Registers, give_no_stale_read) {
  const Operations stale{over(write(1), 0, 5), over(write(2), 10, 15), over(read(1), 20, 22),
                         over(read(2), 30, 31)};
  EXPECT_THAT(complaint(stale), HasSubstr("a stale read"));
}

TEST(Registers, show_no_value_that_nobody_wrote) {
  EXPECT_THAT(complaint({over(write(1), 0, 5), over(read(7), 20, 22)}), HasSubstr("nobody ever wrote"));
  EXPECT_THAT(complaint({over(read(1), 0, 2), over(write(1), 5, 8)}), HasSubstr("before anybody asked"));
}

TEST(Registers, show_no_value_whose_write_failed_for_sure) {
  EXPECT_THAT(complaint({over(write(1), 0, 5, Outcome::failed), over(read(1), 20, 22)}),
              HasSubstr("told for sure that it was not written"));
}

TEST(Registers, may_show_a_write_of_unknown_outcome_late_or_never) {
  const auto unknown = over(write(2), 10, 0, Outcome::unknown);
  EXPECT_EQ(complaint({over(write(1), 0, 5), unknown, over(read(1), 100, 101), over(read(2), 900, 901)}), "");
  EXPECT_EQ(complaint({over(write(1), 0, 5), unknown, over(read(1), 100, 101)}), "");
  EXPECT_NE(complaint({over(write(1), 0, 5), unknown, over(read(2), 100, 101), over(read(1), 900, 901)}), "");
}

TEST(Registers, are_swapped_by_one_of_two_only) {
  EXPECT_NE(complaint({over(write(1), 0, 5), over(swap(1, 2, true), 10, 20), over(swap(1, 3, true), 10, 20)}),
            "");
  EXPECT_EQ(
      complaint({over(write(1), 0, 5), over(swap(1, 2, true), 10, 20), over(swap(1, 3, false), 10, 20)}), "");
}

TEST(Registers, miss_a_value_only_when_it_is_not_there) {
  EXPECT_NE(complaint({over(write(1), 0, 5), over(swap(1, 2, false), 10, 20)}), "");
  EXPECT_EQ(complaint({over(write(1), 0, 5), over(write(9), 6, 0, Outcome::unknown),
                       over(swap(1, 2, false), 10, 20), over(read(9), 30, 31)}),
            "");
  EXPECT_EQ(complaint({over(write(1), 0, 5), over(write(9), 6, 0, Outcome::unknown),
                       over(swap(1, 2, false), 10, 20), over(write(3), 30, 31)}),
            "");
}

TEST(Proofs, hold_only_what_is_needed) {
  auto operations = SingleCopy{{.seed = 3, .operations = 300, .keys = 1}}.run();
  for (auto& operation : operations) {
    operation.invoked += 1s;
    if (operation.outcome != Outcome::unknown) operation.completed += 1s;
  }
  operations.push_back(over(write(9001), 100'000, 100'010));
  operations.push_back(over(write(9002), 100'020, 100'030));
  operations.push_back(over(read(9001), 100'040, 100'050));
  const auto judgement = judge(operations);
  ASSERT_EQ(judgement.violations.size(), 1U);
  EXPECT_EQ(judgement.violations[0].proof.size(), 3U);
  EXPECT_THAT(print_operation(judgement.violations[0].proof.back(), at(0)),
              HasSubstr("100.040 to 100.050 s  client 0 read 9001"));
}

// Plants: each takes one thing that a single copy did and makes it what only a broken cluster can do.
RC_GTEST_PROP(Registers, with_a_lost_write_are_rejected, (std::uint64_t seed)) {
  auto operations = SingleCopy{any_copy(seed, false)}.run();
  operations.push_back(over(write(90'000), 100'000, 100'010));
  operations.push_back({});
  operations.back() = over(read(static_cast<std::int64_t>(seed % 2 == 0 ? 0 : 89'999)), 100'020, 100'030);
  if (seed % 2 != 0) operations.push_back(over(write(89'999), 99'000, 99'010));
  RC_ASSERT(!judge(operations).is_linearizable());
}

RC_GTEST_PROP(Lists, with_a_lost_append_are_rejected, (std::uint64_t seed)) {
  auto operations = SingleCopy{any_copy(seed, true)}.run();
  Operation last = over(read_list({}), 100'000, 100'001);
  std::vector<const Operation*> lost;
  for (const auto& operation : operations) {
    if (operation.key == 0 && operation.act == Act::append && operation.is_done()) lost.push_back(&operation);
  }
  RC_PRE(!lost.empty());
  const auto gone = lost[seed % lost.size()]->value;
  // The final list, as the copy has it, but for one item.
  for (const auto& operation : operations) {
    if (operation.key == 0 && operation.items.size() > last.items.size()) last.items = operation.items;
  }
  std::erase(last.items, gone);
  operations.push_back(last);
  RC_ASSERT(!judge(operations).is_linearizable());
}

TEST(Lists, may_end_with_what_is_not_yet_acknowledged) {
  EXPECT_EQ(complaint({over(append(1), 0, 5), over(append(2), 6, 0, Outcome::unknown),
                       over(read_list({1, 2}), 10, 12), over(append(3), 20, 25),
                       over(read_list({1, 2, 3}), 30, 31)}),
            "");
}

TEST(Lists, lose_no_acknowledged_append) {
  EXPECT_THAT(complaint({over(append(1), 0, 5), over(append(2), 6, 9), over(read_list({1}), 10, 12)}),
              HasSubstr("an acknowledged append was lost"));
}

TEST(Lists, lose_nothing_that_was_read) {
  EXPECT_THAT(complaint({over(append(1), 0, 0, Outcome::unknown), over(read_list({1}), 2, 3),
                         over(append(2), 4, 5), over(append(3), 6, 7), over(read_list({2, 3}), 10, 12)}),
              HasSubstr("it was lost"));
}

TEST(Lists, give_no_stale_read) {
  EXPECT_THAT(complaint({over(append(1), 0, 5), over(read_list({}), 10, 12), over(read_list({1}), 20, 22)}),
              HasSubstr("a stale read"));
  EXPECT_THAT(complaint({over(append(1), 0, 50), over(read_list({1}), 10, 12), over(read_list({}), 20, 22)}),
              HasSubstr("a stale read"));
}

TEST(Lists, hold_nothing_twice_and_nothing_that_nobody_appended) {
  EXPECT_THAT(complaint({over(append(1), 0, 5), over(read_list({1, 1}), 10, 12)}),
              HasSubstr("1 is there twice"));
  EXPECT_THAT(complaint({over(append(1), 0, 5), over(read_list({1, 4}), 10, 12)}),
              HasSubstr("nobody ever appended"));
}

TEST(Lists, hold_nothing_whose_append_failed_for_sure) {
  EXPECT_THAT(complaint({over(append(1), 0, 5, Outcome::failed), over(read_list({1}), 10, 12)}),
              HasSubstr("told for sure that it was not appended"));
}

TEST(Lists, keep_one_order) {
  EXPECT_THAT(complaint({over(append(1), 0, 9), over(append(2), 0, 9), over(read_list({1, 2}), 10, 12),
                         over(read_list({2, 1}), 20, 22)}),
              HasSubstr("do not agree on the order"));
  EXPECT_THAT(complaint({over(append(1), 0, 3), over(append(2), 5, 9), over(read_list({2, 1}), 10, 12)}),
              HasSubstr("1 had been acknowledged before 2 was asked for"));
}

TEST(Lists, hold_no_append_before_it_was_asked_for) {
  EXPECT_THAT(complaint({over(read_list({1}), 0, 3), over(append(1), 5, 9)}),
              HasSubstr("before anybody asked"));
}

TEST(Judgements, of_fifty_thousand_operations_find_the_one_that_is_wrong) {
  auto operations = SingleCopy{{.seed = 11, .operations = 50'000, .keys = 100, .clients = 40}}.run();
  EXPECT_TRUE(judge(operations).is_linearizable());
  auto lost = over(read(0), 100'000'000, 100'000'001);
  lost.key = 7;
  operations.push_back(lost);
  const auto judgement = judge(operations);
  ASSERT_EQ(judgement.violations.size(), 1U);
  EXPECT_LE(judgement.violations[0].proof.size(), 2U);
  EXPECT_THAT(judgement.violations[0].what, HasSubstr("register 7: no value was found"));
  EXPECT_EQ(judgement.registers, 100U);
}

TEST(Judgements, are_told_in_one_line) {
  EXPECT_EQ(
      print_summary(judge({over(write(1), 0, 5), over(append(1), 0, 0, Outcome::unknown)})),
      "history of 2 operations (1 of unknown outcome, 0 refused) on 1 registers and 1 lists: linearizable");
}

}  // namespace
}  // namespace holdfast::drill
