#include "vip/log_limit.hpp"

#include <gtest/gtest.h>

namespace holdfast::vip {
namespace {

BootInstant at(nanoseconds since_start) {
  return BootInstant{100s} + since_start;
}

TEST(LogLimit, the_same_trouble_is_said_once_a_minute) {
  LogLimit limit;
  EXPECT_TRUE(limit.may_say("a", at(0s)));
  EXPECT_FALSE(limit.may_say("a", at(59s)));
  EXPECT_TRUE(limit.may_say("b", at(59s)));
  EXPECT_TRUE(limit.may_say("a", at(60s)));
  EXPECT_FALSE(limit.may_say("a", at(61s)));
}

TEST(LogLimit, a_flood_of_new_troubles_ends_and_the_next_minute_is_heard_again) {
  LogLimit limit;
  std::size_t said = 0;
  for (int i = 0; i < 10'000; ++i) said += limit.may_say(std::to_string(i), at(1s)) ? 1 : 0;
  EXPECT_EQ(said, LogLimit::kinds_max);
  EXPECT_TRUE(limit.may_say("after it", at(61s)));
}

}  // namespace
}  // namespace holdfast::vip
