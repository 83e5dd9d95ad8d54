#include "vip/trackers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::vip {
namespace {

using namespace std::string_literals;

TEST(TrackFile, holds_a_number_and_nothing_else) {
  EXPECT_EQ(parse_track_file("5"), 5);
  EXPECT_EQ(parse_track_file(" \n-254\r\n"), -254);
  EXPECT_EQ(parse_track_file("0\n"), 0);
  for (const auto* text : {"", " \n", "five", "5 6", "5x", "0x5", "+5", "99999999999"})
    EXPECT_FALSE(parse_track_file(text)) << text;
}

TEST(TrackProcess, is_found_by_what_the_kernel_calls_it) {
  const config::TrackProcess haproxy{.process = "haproxy"};
  EXPECT_TRUE(matches(haproxy, "haproxy", ""));
  EXPECT_FALSE(matches(haproxy, "haproxy2", ""));
  EXPECT_FALSE(matches(haproxy, "", ""));
  EXPECT_TRUE(matches({.process = "/usr/sbin/haproxy"}, "haproxy", ""));
  EXPECT_TRUE(matches({.process = "a-name-of-more-than-15"}, "a-name-of-more-", ""));
}

TEST(TrackProcess, with_full_command_all_arguments_count) {
  const config::TrackProcess wanted{.process = "/usr/bin/python3 app.py", .full_command = true};
  EXPECT_TRUE(matches(wanted, "python3", "/usr/bin/python3\0app.py\0"s));
  EXPECT_FALSE(matches(wanted, "python3", "/usr/bin/python3\0app.py\0-v\0"s));
  EXPECT_FALSE(matches(wanted, "python3", "/usr/bin/python3\0"s));
  EXPECT_FALSE(matches({.process = "", .full_command = true}, "kthreadd", ""));
}

TEST(TrackProcess, one_that_has_ended_counts_no_more_although_its_parent_has_not_looked) {
  EXPECT_EQ(comm_in("4711 (haproxy) S 1 4711 0\n"), "haproxy");
  EXPECT_FALSE(comm_in("4711 (haproxy) Z 1 4711 0\n"));
  EXPECT_FALSE(comm_in("4711 (haproxy) X 1 4711 0\n"));
}

TEST(TrackProcess, a_name_may_hold_anything) {
  EXPECT_EQ(comm_in("4711 (a) Z (b) R 1 4711 0\n"), "a) Z (b");
  EXPECT_EQ(comm_in("1 (()) S 1"), "()");
  for (const auto* text : {"", "4711", "4711 (haproxy", "4711 haproxy) S", "4711 (haproxy) ", ") ("})
    EXPECT_FALSE(comm_in(text)) << text;
}

}  // namespace
}  // namespace holdfast::vip
