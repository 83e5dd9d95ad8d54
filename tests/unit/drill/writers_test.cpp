#include "drill/writers.hpp"

#include <gtest/gtest.h>

namespace holdfast::drill {
namespace {

BootInstant at(int ms) {
  return BootInstant{milliseconds{ms}};
}

RecoveryAnswer yes(int asked, int heard, Timeline timeline) {
  return {at(asked), at(heard), true, timeline};
}
RecoveryAnswer no(int asked, int heard, Timeline timeline) {
  return {at(asked), at(heard), false, timeline};
}

TEST(WriterWatch, sees_a_second_writer_between_two_answers_of_the_first) {
  WriterWatch watch;
  watch.add("pg1", yes(0, 1, 1));
  watch.add("pg2", yes(10, 11, 2));
  watch.add("pg1", yes(20, 21, 1));
  ASSERT_EQ(watch.found().size(), 1U);
  EXPECT_EQ(watch.found()[0].from, at(11));
}

TEST(WriterWatch, accepts_a_hand_over) {
  WriterWatch watch;
  watch.add("pg1", yes(0, 1, 1));
  watch.add("pg1", yes(5, 6, 1));
  watch.add("pg2", yes(7, 8, 2));
  watch.add("pg1", no(9, 10, 1));
  watch.add("pg2", yes(12, 13, 2));
  EXPECT_TRUE(watch.found().empty());
}

TEST(WriterWatch, does_not_take_overlapping_questions_for_a_proof) {
  WriterWatch watch;
  watch.add("pg1", yes(0, 1, 1));
  watch.add("pg2", yes(2, 30, 2));
  watch.add("pg1", yes(10, 40, 1));  // asked before pg2 was heard: pg1 may have demoted in between
  EXPECT_TRUE(watch.found().empty());
}

TEST(WriterWatch, starts_anew_when_a_server_comes_back_on_another_timeline) {
  WriterWatch watch;
  watch.add("pg1", yes(0, 1, 1));
  watch.add("pg2", yes(10, 11, 2));
  watch.add("pg1", yes(20, 21, 3));
  EXPECT_TRUE(watch.found().empty());
}

}  // namespace
}  // namespace holdfast::drill
