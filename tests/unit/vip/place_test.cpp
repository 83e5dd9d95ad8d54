#include "vip/place.hpp"

#include <gtest/gtest.h>

#include "unit/vip/values.hpp"

namespace holdfast::vip {
namespace {

// eth0 with 10.0.1.21/24 and fe80::21, eth1 with 10.0.2.21/24, all of it working.
Host a_host() {
  Host host;
  host.links = {{.index = 2, .name = "eth0", .is_up = true, .has_carrier = true},
                {.index = 3, .name = "eth1", .is_up = true, .has_carrier = true}};
  host.addresses = {{.link = 2, .prefix = prefix("fd00::21/64")},
                    {.link = 2, .prefix = prefix("fe80::21/64")},
                    {.link = 2, .prefix = prefix("10.0.1.21/24")},
                    {.link = 3, .prefix = prefix("10.0.2.21/24")}};
  return host;
}

std::string fault_of(const config::VrrpInstance& instance, const Host& host) {
  const auto place = find_place(instance, host);
  return place ? "" : place.error().context;
}

TEST(Place, adverts_come_from_the_interfaces_own_address) {
  EXPECT_EQ(find_place(an_instance(), a_host())->source, address("10.0.1.21"));
}

TEST(Place, never_from_the_virtual_one_which_may_move_at_any_moment) {
  auto host = a_host();
  host.addresses.insert(host.addresses.begin(), {.link = 2, .prefix = prefix("10.0.1.10/24")});
  EXPECT_EQ(find_place(an_instance(), host)->source, address("10.0.1.21"));
}

TEST(Place, of_ipv6_the_link_local_one) {
  auto instance = an_instance();
  instance.virtual_ipaddress = {{.prefix = prefix("fd00::10/64")}};
  EXPECT_EQ(find_place(instance, a_host())->source, address("fe80::21"));
  auto host = a_host();
  host.addresses.insert(host.addresses.begin(),
                        {.link = 2, .prefix = prefix("fe80::99/64"), .has_failed_dad = true});
  EXPECT_EQ(find_place(instance, host)->source, address("fe80::21")) << "a duplicate is not ours to use";
  host.addresses.front().has_failed_dad = false;
  host.addresses.front().is_tentative = true;
  EXPECT_EQ(find_place(instance, host)->source, address("fe80::21")) << "nothing can be sent from it yet";
  std::erase_if(host.addresses, [](const auto& each) { return each.prefix.address.is_link_local(); });
  EXPECT_EQ(fault_of(instance, host), "eth0 has no link-local IPv6 address to send from yet");
}

TEST(Place, without_an_interface_the_one_that_has_the_source) {
  auto instance = an_instance();
  instance.interface.clear();
  instance.unicast_src_ip = address("10.0.2.21");
  EXPECT_EQ(find_place(instance, a_host())->link.name, "eth1");
  instance.unicast_src_ip = address("10.0.9.21");
  EXPECT_EQ(fault_of(instance, a_host()), "no interface has 10.0.9.21");
  instance.unicast_src_ip.reset();
  EXPECT_EQ(fault_of(instance, a_host()), "neither interface nor unicast_src_ip is configured");
}

TEST(Place, what_is_missing_is_said) {
  auto host = a_host();
  host.links[0].has_carrier = false;
  EXPECT_EQ(fault_of(an_instance(), host), "eth0 has no carrier");
  host.links[0].is_up = false;
  EXPECT_EQ(fault_of(an_instance(), host), "eth0 is down");
  host.links.clear();
  EXPECT_EQ(fault_of(an_instance(), host), "eth0 is not there");
  host = a_host();
  host.addresses.clear();
  EXPECT_EQ(fault_of(an_instance(), host), "eth0 has no IPv4 address to send from");
}

TEST(Place, a_source_that_was_asked_for_is_the_only_one) {
  auto instance = an_instance();
  instance.mcast_src_ip = address("10.0.1.99");
  EXPECT_EQ(fault_of(instance, a_host()), "10.0.1.99 is not set on this host");
}

TEST(Place, an_interface_that_is_not_tracked_may_be_down) {
  auto host = a_host();
  host.links[0].has_carrier = false;
  auto instance = an_instance();
  instance.dont_track_primary = true;
  EXPECT_TRUE(find_place(instance, host));
}

TEST(Place, the_devices_of_addresses_and_routes_have_to_work_too) {
  auto instance = an_instance();
  instance.virtual_ipaddress.push_back({.prefix = prefix("10.0.2.10/24"), .dev = "eth1"});
  EXPECT_EQ(find_place(instance, a_host())->others.at("eth1").index, 3);
  auto host = a_host();
  host.links[1].is_up = false;
  EXPECT_EQ(fault_of(instance, host), "eth1 is down");
  instance = an_instance();
  instance.virtual_routes = {{.destination = prefix("192.168.0.0/16"), .dev = "eth7"}};
  EXPECT_EQ(fault_of(instance, a_host()), "eth7 is not there");
}

}  // namespace
}  // namespace holdfast::vip
