#include "vip/settings.hpp"

#include <gtest/gtest.h>

#include "unit/vip/values.hpp"

namespace holdfast::vip {
namespace {

TEST(VipSettings, what_an_instance_does_not_say_the_globals_say) {
  config::VrrpGlobals globals;
  globals.vrrp_garp_master_repeat = 7;
  globals.vrrp_garp_lower_prio_delay = 3s;
  globals.vrrp_lower_prio_no_advert = true;
  auto instance = an_instance();
  auto options = router_options_of(instance, globals, address("10.0.1.21"));
  EXPECT_EQ(options.garp_master_repeat, 7);
  EXPECT_EQ(options.garp_lower_prio_delay, 3s);
  EXPECT_TRUE(options.lower_prio_no_advert);
  EXPECT_EQ(options.primary, address("10.0.1.21"));
  instance.garp_master_repeat = 2;
  instance.lower_prio_no_advert = false;
  options = router_options_of(instance, globals, address("10.0.1.21"));
  EXPECT_EQ(options.garp_master_repeat, 2);
  EXPECT_FALSE(options.lower_prio_no_advert);
}

TEST(VipSettings, an_address_lives_as_long_as_the_others_wait_in_whole_seconds_and_one_at_least) {
  auto instance = an_instance();
  instance.advert_int = 100ms;
  EXPECT_EQ(address_lifetime_of(instance), 1s);
  instance.advert_int = 1s;
  EXPECT_EQ(address_lifetime_of(instance), 3s);
  instance.advert_int = 600ms;
  EXPECT_EQ(address_lifetime_of(instance), 1s);
  instance.down_timer_adverts = 5;
  EXPECT_EQ(address_lifetime_of(instance), 3s);
  instance.valid_lft = 10s;
  EXPECT_EQ(address_lifetime_of(instance), 10s);
}

TEST(VipSettings, the_password_belongs_to_version_2_alone) {
  auto instance = an_instance();
  instance.authentication = {.auth_type = config::AuthType::pass, .auth_pass = Secret{"sesame"}};
  EXPECT_FALSE(advert_of(instance).password);
  EXPECT_FALSE(expectation_of(instance, {}).password);
  instance.version = 2;
  EXPECT_EQ(advert_of(instance).password, vrrp::password_of("sesame"));
  EXPECT_EQ(expectation_of(instance, {}).password, vrrp::password_of("sesame"));
}

TEST(VipSettings, an_excluded_address_is_set_but_not_advertised) {
  auto instance = an_instance();
  instance.virtual_ipaddress_excluded = {{.prefix = prefix("fd00::10/64")}};
  EXPECT_EQ(advert_of(instance).addresses, std::vector{address("10.0.1.10")});
  EXPECT_EQ(expectation_of(instance, {}).addresses, std::vector{address("10.0.1.10")});
  EXPECT_EQ(addresses_of(instance).size(), 2U);
  EXPECT_EQ(family_of(instance), IpAddress::Family::ipv4);
}

TEST(VipSettings, strangers_are_known_where_the_peers_are_unless_nobody_asks) {
  auto instance = an_instance();
  instance.unicast_peer = {address("10.0.1.22")};
  EXPECT_EQ(expectation_of(instance, {}).peers, instance.unicast_peer);
  instance.check_unicast_src = false;
  EXPECT_TRUE(expectation_of(instance, {}).peers.empty());
}

TEST(VipSettings, a_group_holds_its_members_by_place_and_leaves_out_who_is_not_there) {
  const std::vector<config::VrrpSyncGroup> groups{{.name = "G1", .group = {"VI_2", "VI_9", "VI_1"}}};
  EXPECT_EQ(sync_groups_of(groups, {"VI_1", "", "VI_2"}),
            (std::vector<vrrp::SyncGroup>{{.name = "G1", .members = {2, 0}}}));
}

TEST(VipSettings, a_virtual_mac_has_keepaliveds_name_unless_it_has_its_own) {
  auto instance = an_instance();
  EXPECT_EQ(vmac_name_of(instance), "vrrp.51");
  instance.virtual_ipaddress = {{.prefix = prefix("fe80::10/64")}};
  EXPECT_EQ(vmac_name_of(instance), "vrrp6.51");
  instance.vmac_name = "vip0";
  EXPECT_EQ(vmac_name_of(instance), "vip0");
}

}  // namespace
}  // namespace holdfast::vip
