#include "netlink/objects.hpp"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <rapidcheck/gtest.h>

namespace holdfast::netlink {
namespace {

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

TEST(Objects, a_mac_is_written_as_everybody_writes_it) {
  EXPECT_EQ(to_string(Mac{0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}), "00:00:5e:00:01:33");
}

TEST(Objects, an_address_without_lifetime_is_for_ever) {
  const auto made = address_to_set({.link = 3, .prefix = prefix("10.0.1.10/24")});
  EXPECT_EQ(rtnl_addr_get_valid_lifetime(made.get()), 0xffffffffU);
  EXPECT_EQ(rtnl_addr_get_preferred_lifetime(made.get()), 0xffffffffU);
}

TEST(Objects, an_address_has_the_scope_that_was_asked_for) {
  const auto made = address_to_set({.link = 3, .prefix = prefix("10.0.1.10/24"), .scope = Scope::link});
  EXPECT_EQ(rtnl_addr_get_scope(made.get()), RT_SCOPE_LINK);
}

TEST(Objects, an_address_is_preferred_as_long_as_it_is_valid) {
  const auto made = address_to_set({.link = 3, .prefix = prefix("10.0.1.10/24"), .valid_lft = 7s});
  EXPECT_EQ(rtnl_addr_get_valid_lifetime(made.get()), 7U);
  EXPECT_EQ(rtnl_addr_get_preferred_lifetime(made.get()), 7U);
}

TEST(Objects, only_an_ipv6_address_is_spared_duplicate_detection) {
  const auto ipv4 = address_to_set({.link = 3, .prefix = prefix("10.0.1.10/24")});
  const auto ipv6 = address_to_set({.link = 3, .prefix = prefix("fd00::10/64")});
  EXPECT_EQ(rtnl_addr_get_flags(ipv4.get()) & IFA_F_NODAD, 0U);
  EXPECT_NE(rtnl_addr_get_flags(ipv6.get()) & IFA_F_NODAD, 0U);
}

TEST(Objects, a_route_without_gateway_is_on_its_link_and_one_with_it_goes_anywhere) {
  RouteSpec spec{.destination = prefix("172.16.0.0/12"), .link = 3};
  EXPECT_EQ(rtnl_route_get_scope(route_of(spec).get()), RT_SCOPE_LINK);
  spec.gateway = prefix("10.0.1.1").address;
  EXPECT_EQ(rtnl_route_get_scope(route_of(spec).get()), RT_SCOPE_UNIVERSE);
  spec.scope = Scope::site;
  EXPECT_EQ(rtnl_route_get_scope(route_of(spec).get()), RT_SCOPE_SITE);
}

TEST(Objects, a_link_that_is_there_but_does_not_work_has_no_carrier) {
  const auto made = link_with(3);
  rtnl_link_set_flags(made.get(), IFF_UP | IFF_NOARP);
  const auto link = link_of(made.get());
  EXPECT_TRUE(link.is_up);
  EXPECT_FALSE(link.has_carrier);
  EXPECT_FALSE(link.has_arp);
}

// IPv4 and IPv6 addresses of every length come back as they went in.
RC_GTEST_PROP(Objects, an_address_reads_as_it_was_written, ()) {
  const auto bytes = *rc::gen::container<std::array<std::uint8_t, 16>>(rc::gen::arbitrary<std::uint8_t>());
  const bool is_ipv4 = *rc::gen::arbitrary<bool>();
  IpPrefix written{IpAddress::of(bytes), *rc::gen::inRange(0, 129)};
  if (is_ipv4) {
    written = {IpAddress::of(std::span{bytes}.first<4>()), *rc::gen::inRange(0, 33)};
  }
  const auto lifetime = seconds{*rc::gen::inRange(1, 1 << 30)};
  const auto read = address_of(address_to_set({.link = 7, .prefix = written, .valid_lft = lifetime}).get());
  RC_ASSERT(read.link == 7);
  RC_ASSERT(read.prefix == written);
  RC_ASSERT(read.valid_left == lifetime);
}

}  // namespace
}  // namespace holdfast::netlink
