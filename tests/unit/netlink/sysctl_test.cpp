#include "netlink/sysctl.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::netlink {
namespace {

TEST(Sysctl, dots_part_a_key) {
  EXPECT_EQ(sysctl_path("net.ipv4.ip_nonlocal_bind").value(), "/proc/sys/net/ipv4/ip_nonlocal_bind");
}

TEST(Sysctl, a_slash_stands_for_the_dot_in_a_links_name) {
  EXPECT_EQ(sysctl_path("net.ipv4.conf.eth0/100.arp_ignore").value(),
            "/proc/sys/net/ipv4/conf/eth0.100/arp_ignore");
}

TEST(Sysctl, a_key_that_leaves_the_tree_is_refused) {
  for (const auto* key :
       {"", ".", "net.", ".net", "net..ipv4", "net.//.ipv4", "net./.ipv4", "//.//.etc.passwd"}) {
    const auto path = sysctl_path(key);
    ASSERT_FALSE(path) << key << " became " << *path;
    EXPECT_EQ(path.error().code, Errc::invalid_argument);
  }
}

RC_GTEST_PROP(Sysctl, any_links_name_comes_out_as_it_went_in, ()) {
  // The kernel forbids "/", ".", ".." and white space in it.
  const auto letter = rc::gen::elementOf(std::string{"abz09.-_@:"});
  const auto name = *rc::gen::suchThat(rc::gen::nonEmpty(rc::gen::container<std::string>(letter)),
                                       [](const std::string& text) { return text != "." && text != ".."; });
  RC_ASSERT(sysctl_path("net.ipv4.conf." + sysctl_part(name) + ".rp_filter").value() ==
            "/proc/sys/net/ipv4/conf/" + name + "/rp_filter");
}

}  // namespace
}  // namespace holdfast::netlink
