#include "route/admission.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "unit/route/story.hpp"

namespace holdfast::route {
namespace {

using testing::at;

TEST(WaitingRoom, first_come_first_served) {
  WaitingRoom room;
  room.add(7, at(5s));
  room.add(3, at(2s));
  EXPECT_EQ(room.front(), 7u);
  room.remove(7);
  EXPECT_EQ(room.front(), 3u);
}

TEST(WaitingRoom, who_waited_too_long_is_told_and_gone) {
  WaitingRoom room;
  room.add(1, at(5s));
  room.add(2, at(2s));
  EXPECT_EQ(room.wake_at(), at(2s));
  EXPECT_EQ(room.take_expired(at(2s)), std::vector<ClientId>{2});
  EXPECT_EQ(room.wake_at(), at(5s));
}

TEST(WaitingRoom, who_has_gone_is_never_served) {
  WaitingRoom room;
  room.add(1, at(5s));
  EXPECT_TRUE(room.remove(1));
  EXPECT_FALSE(room.remove(1));
  EXPECT_EQ(room.front(), std::nullopt);
}

RC_GTEST_PROP(WaitingRoomProperty, each_leaves_once_and_in_turn,
              (const std::vector<std::uint8_t>& deadlines)) {
  WaitingRoom room;
  for (std::size_t i = 0; i < deadlines.size(); ++i) room.add(i, at(seconds{deadlines[i]}));
  std::set<ClientId> left;
  for (const auto client : room.take_expired(at(100s))) RC_ASSERT(left.insert(client).second);
  ClientId last = 0;
  while (const auto client = room.front()) {
    RC_ASSERT(deadlines[*client] > 100);
    RC_ASSERT(*client >= last);
    last = *client;
    RC_ASSERT(left.insert(*client).second);
    room.remove(*client);
  }
  RC_ASSERT(left.size() == deadlines.size());
}

TEST(Pace, lets_a_burst_through_and_then_one_each_interval) {
  Pace pace{{.burst = 2, .interval = 10ms}};
  EXPECT_TRUE(pace.try_take(at(0s)));
  EXPECT_TRUE(pace.try_take(at(0s)));
  EXPECT_FALSE(pace.try_take(at(0s)));
  EXPECT_FALSE(pace.try_take(pace.next() - 1ns));
  EXPECT_TRUE(pace.try_take(pace.next()));
}

}  // namespace
}  // namespace holdfast::route
