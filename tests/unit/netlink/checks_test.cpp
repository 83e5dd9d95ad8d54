#include "netlink/checks.hpp"

#include <gtest/gtest.h>

namespace holdfast::netlink {
namespace {

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}
IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}

TEST(Checks, a_name_that_would_be_cut_short_is_refused) {
  EXPECT_TRUE(check_link_name("fifteen-letters"));
  EXPECT_EQ(check_link_name("sixteen--letters").error().code, Errc::invalid_argument);
  AddressSpec spec{.link = 1, .prefix = prefix("10.0.1.10/24"), .label = "eth0:0123456789"};
  EXPECT_TRUE(check(spec));
  spec.label += "0";
  EXPECT_EQ(check(spec).error().code, Errc::invalid_argument);
}

TEST(Checks, a_name_that_the_kernel_refuses_is_refused) {
  for (const auto* name : {"", ".", "..", "a/b", "a b", "eth0:1"})
    EXPECT_FALSE(check_link_name(name)) << name;
  for (const auto* name : {"eth0.100", "wlp3s0@x", "_"}) EXPECT_TRUE(check_link_name(name)) << name;
}

TEST(Checks, a_lifetime_is_a_second_at_least_and_never_for_ever_by_chance) {
  AddressSpec spec{.link = 1, .prefix = prefix("10.0.1.10/24"), .valid_lft = 1s};
  EXPECT_TRUE(check(spec));
  for (const auto lifetime : {0s, -1s, seconds{0xffffffff}}) {
    spec.valid_lft = lifetime;
    EXPECT_EQ(check(spec).error().code, Errc::invalid_argument) << lifetime.count();
  }
}

TEST(Checks, only_ipv4_has_a_broadcast_address) {
  AddressSpec spec{.link = 1, .prefix = prefix("10.0.1.10/24"), .broadcast = address("10.0.1.255")};
  EXPECT_TRUE(check(spec));
  spec.prefix = prefix("fd00::10/64");
  EXPECT_FALSE(check(spec));
}

TEST(Checks, a_route_is_of_one_family) {
  RouteSpec spec{
      .destination = prefix("0.0.0.0/0"), .gateway = address("10.0.1.1"), .source = address("10.0.1.2")};
  EXPECT_TRUE(check(spec));
  spec.source = address("fd00::1");
  EXPECT_FALSE(check(spec));
  spec.source.reset();
  spec.gateway = address("fd00::1");
  EXPECT_FALSE(check(spec));
}

}  // namespace
}  // namespace holdfast::netlink
