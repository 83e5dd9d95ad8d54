#include <linux/capability.h>
#include <sys/syscall.h>

#include <future>

#include "integration/netlink/private_network.hpp"

namespace holdfast::testing {
namespace {

using netlink::Link;
using netlink::Mac;

class Links : public PrivateNetwork {};

TEST_F(Links, a_new_network_has_a_loopback_link_that_is_down) {
  const auto links = must(socket().links());
  const auto found = std::ranges::find(links, "lo", &Link::name);
  ASSERT_NE(found, links.end());
  EXPECT_TRUE(found->is_loopback);
  EXPECT_FALSE(found->is_up);
  must(socket().set_up(found->index, true));
  EXPECT_TRUE(must(socket().link("lo")).is_up);
}

TEST_F(Links, a_cable_works_when_both_its_ends_are_up) {
  must(socket().add_veth("eth0", "far0"));
  must(socket().set_up(index_of("eth0"), true));
  EXPECT_FALSE(must(socket().link("eth0")).has_carrier);
  must(socket().set_up(index_of("far0"), true));
  const auto eth0 = must(socket().link("eth0"));
  EXPECT_TRUE(eth0.has_carrier);
  EXPECT_EQ(eth0.kind, "veth");
  EXPECT_EQ(eth0.mtu, 1500);
  EXPECT_EQ(eth0.parent, 0) << "the other end is not below it";
  EXPECT_TRUE(eth0.has_arp);
  EXPECT_NE(eth0.mac, Mac{});
}

TEST_F(Links, a_macvlan_has_its_own_mac_and_the_link_below_as_parent) {
  const int eth0 = a_cable("eth0", "far0");
  const Mac mac{0x00, 0x00, 0x5e, 0x00, 0x01, 0x33};
  const int index = must(socket().add_macvlan("vrrp.51", eth0, mac));
  const auto made = must(socket().link("vrrp.51"));
  EXPECT_EQ(made.index, index);
  EXPECT_EQ(made.mac, mac);
  EXPECT_EQ(made.kind, "macvlan");
  EXPECT_EQ(made.parent, eth0);
  must(netlink::write_sysctl("net.ipv4.conf.vrrp/51.arp_ignore", "1"));
  EXPECT_EQ(must(netlink::read_sysctl("net.ipv4.conf.vrrp/51.arp_ignore")), "1");
  EXPECT_EQ(socket().add_macvlan("vrrp.51", eth0, mac).error().code, Errc::conflict);
  must(socket().remove_link(index));
  EXPECT_EQ(socket().link("vrrp.51").error().code, Errc::not_found);
}

TEST_F(Links, a_bridge_takes_ports_and_lets_them_go) {
  const int eth0 = a_cable("eth0", "far0");
  const int bridge = must(socket().add_bridge("br0"));
  EXPECT_EQ(must(socket().link("br0")).kind, "bridge");
  must(socket().set_master(eth0, bridge));
  EXPECT_EQ(must(netlink::read_sysctl("net.ipv4.conf.br0.forwarding")), "0");
  EXPECT_EQ(socket().add_macvlan("vrrp.51", eth0, Mac{2}).error().code, Errc::io_error) << "eth0 is busy";
  must(socket().set_master(eth0, 0));
  EXPECT_TRUE(socket().add_macvlan("vrrp.51", eth0, Mac{2}));
}

TEST_F(Links, a_link_that_is_down_can_be_renamed) {
  must(socket().add_veth("eth0", "far0"));
  const int eth0 = index_of("eth0");
  must(socket().rename(eth0, "wan0"));
  EXPECT_EQ(index_of("wan0"), eth0);
  EXPECT_EQ(socket().rename(eth0, "far0").error().code, Errc::conflict);
}

TEST_F(Links, a_name_is_never_cut_short) {
  must(socket().add_bridge("fifteen-letters"));
  EXPECT_EQ(socket().link("fifteen-letters-and-more").error().code, Errc::not_found);
  EXPECT_EQ(socket().add_bridge("a-name-of-more-letters").error().code, Errc::invalid_argument);
  EXPECT_EQ(socket().rename(1, "a-name-of-more-letters").error().code, Errc::invalid_argument);
}

TEST_F(Links, what_is_not_there_is_not_found) {
  EXPECT_EQ(socket().set_up(4711, true).error().code, Errc::not_found);
  EXPECT_EQ(socket().remove_link(4711).error().code, Errc::not_found);
  EXPECT_EQ(netlink::read_sysctl("net.ipv4.conf.nosuch0.arp_ignore").error().code, Errc::not_found);
}

// Of the calling thread alone.
void give_up_all_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[2]{};
  if (syscall(SYS_capset, &header, none) != 0) throw std::runtime_error{"capset"};
}

Error refusal_without_capabilities(int link) {
  give_up_all_capabilities();
  auto socket = must(netlink::Socket::open());
  EXPECT_TRUE(socket.links()) << "everybody may look";
  return socket.set_address({.link = link, .prefix = prefix("10.0.1.10/24")}).error();
}

TEST_F(Links, who_lacks_the_capability_is_told_which_and_how_to_get_it) {
  const int eth0 = a_cable("eth0", "far0");
  const auto error = std::async(std::launch::async, refusal_without_capabilities, eth0).get();
  EXPECT_EQ(error.code, Errc::permission_denied);
  EXPECT_NE(error.context.find("AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW"), std::string::npos)
      << error.context;
  EXPECT_FALSE(find("10.0.1.10/24"));
}

}  // namespace
}  // namespace holdfast::testing
