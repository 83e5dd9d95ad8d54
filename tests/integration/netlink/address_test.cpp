#include "integration/netlink/private_network.hpp"

namespace holdfast::testing {
namespace {

using netlink::AddressSpec;

class Addresses : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (!IsSkipped()) eth0_ = a_cable("eth0", "far0");
  }
  AddressSpec spec(const std::string& text) const { return {.link = eth0_, .prefix = prefix(text)}; }

  int eth0_ = 0;
};

TEST_F(Addresses, an_address_is_listed_as_it_was_set) {
  auto wanted = spec("10.0.1.10/24");
  wanted.label = "eth0:vip";
  wanted.broadcast = address("10.0.1.127");
  EXPECT_TRUE(must(socket().set_address(wanted)));
  const auto found = find("10.0.1.10/24");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->link, eth0_);
  EXPECT_EQ(found->label, "eth0:vip");
  EXPECT_TRUE(found->is_permanent);
  EXPECT_NE(kernel_table("fib_trie").find("|-- 10.0.1.127\n"), std::string::npos) << "its broadcast address";
}

TEST_F(Addresses, an_ipv6_address_that_is_there_with_another_length_keeps_its_own) {
  must(socket().set_address(spec("fd00:1::10/64")));
  auto wanted = spec("fd00:1::10/128");
  wanted.valid_lft = 60s;
  EXPECT_FALSE(must(socket().set_address(wanted)));
  ASSERT_TRUE(find("fd00:1::10/64"));
  EXPECT_FALSE(find("fd00:1::10/64")->is_permanent);
  EXPECT_EQ(socket().remove_address(eth0_, wanted.prefix).error().code, Errc::not_found);
}

TEST_F(Addresses, a_long_list_comes_whole) {
  constexpr int count = 1000;
  for (std::uint8_t net = 0; net < count / 250; ++net) {
    for (std::uint8_t host = 0; host < 250; ++host) {
      const auto each = IpAddress::of(std::array<std::uint8_t, 4>{10, 9, net, host});
      must(socket().set_address({.link = eth0_, .prefix = {each, 32}}));
    }
  }
  const auto all = must(socket().addresses());
  const auto is_one = [](const auto& found) { return prefix("10.9.0.0/16").contains(found.prefix.address); };
  EXPECT_EQ(std::ranges::count_if(all, is_one), count);
}

TEST_F(Addresses, a_host_address_and_one_of_a_network_stand_side_by_side) {
  EXPECT_TRUE(must(socket().set_address(spec("10.0.1.10/32"))));
  EXPECT_TRUE(must(socket().set_address(spec("10.0.1.11/24"))));
  EXPECT_TRUE(find("10.0.1.10/32"));
  EXPECT_TRUE(find("10.0.1.11/24"));
  must(socket().remove_address(eth0_, prefix("10.0.1.10/32")));
  EXPECT_FALSE(find("10.0.1.10/32"));
  EXPECT_TRUE(find("10.0.1.11/24"));
}

TEST_F(Addresses, setting_it_again_gives_it_a_new_lifetime) {
  auto wanted = spec("10.0.1.10/24");
  wanted.valid_lft = 60s;
  EXPECT_TRUE(must(socket().set_address(wanted)));
  wanted.valid_lft = 600s;
  EXPECT_FALSE(must(socket().set_address(wanted)));
  const auto found = find("10.0.1.10/24");
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_permanent);
  EXPECT_GT(found->valid_left, 60s);
  EXPECT_LE(found->valid_left, 600s);
}

TEST_F(Addresses, a_permanent_address_becomes_a_temporary_one_when_told_so) {
  auto wanted = spec("10.0.1.10/24");
  must(socket().set_address(wanted));
  wanted.valid_lft = 60s;
  EXPECT_FALSE(must(socket().set_address(wanted)));
  EXPECT_FALSE(find("10.0.1.10/24")->is_permanent);
  wanted.valid_lft.reset();
  EXPECT_FALSE(must(socket().set_address(wanted)));
  EXPECT_TRUE(find("10.0.1.10/24")->is_permanent);
}

// Whether the kernel still looks for another host with this address. A line: address, link, length, scope,
// flags.
bool is_tentative(const std::string& address_in_hex) {
  constexpr unsigned tentative = 0x40;
  std::istringstream table{kernel_table("if_inet6")};
  std::string address_text, link, length, scope, flags, name;
  while (table >> address_text >> link >> length >> scope >> flags >> name) {
    if (address_text == address_in_hex) return (std::stoul(flags, nullptr, 16) & tentative) != 0;
  }
  throw std::runtime_error{"no address " + address_in_hex};
}

TEST_F(Addresses, an_ipv6_address_is_usable_at_once) {
  auto wanted = spec("fd00:1::10/64");
  wanted.valid_lft = 60s;
  EXPECT_TRUE(must(socket().set_address(wanted)));
  const auto found = find("fd00:1::10/64");
  ASSERT_TRUE(found);
  EXPECT_FALSE(is_tentative("fd000001000000000000000000000010"));
  EXPECT_FALSE(found->has_failed_dad);
  EXPECT_FALSE(found->is_permanent);
  EXPECT_FALSE(must(socket().set_address(wanted)));
  must(socket().remove_address(eth0_, prefix("fd00:1::10/64")));
  EXPECT_FALSE(find("fd00:1::10/64"));
}

TEST_F(Addresses, removing_the_first_of_a_subnet_takes_the_others_along_unless_they_are_promoted) {
  const auto set_both = [&] {
    must(socket().set_address(spec("10.0.1.10/24")));
    must(socket().set_address(spec("10.0.1.11/24")));
    must(socket().remove_address(eth0_, prefix("10.0.1.10/24")));
  };
  set_both();
  EXPECT_FALSE(find("10.0.1.11/24"));
  must(netlink::write_sysctl("net.ipv4.conf.eth0.promote_secondaries", "1"));
  set_both();
  EXPECT_TRUE(find("10.0.1.11/24"));
}

TEST_F(Addresses, what_is_not_there_is_not_found) {
  EXPECT_EQ(socket().remove_address(eth0_, prefix("10.0.1.10/24")).error().code, Errc::not_found);
  EXPECT_EQ(socket().remove_address(eth0_, prefix("fd00::1/64")).error().code, Errc::not_found);
  EXPECT_EQ(socket().set_address({.link = 4711, .prefix = prefix("10.0.1.10/24")}).error().code,
            Errc::not_found);
  EXPECT_EQ(socket().link("nosuch0").error().code, Errc::not_found);
}

}  // namespace
}  // namespace holdfast::testing
