#include "base/ip_address.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace holdfast {
namespace {

using Bytes4 = std::array<std::uint8_t, 4>;
using Bytes16 = std::array<std::uint8_t, 16>;

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

IpPrefix net(std::string_view text) {
  return IpPrefix::parse(text).value();
}

TEST(IpAddress, is_read_in_both_families) {
  EXPECT_EQ(ip("10.0.1.10"), IpAddress::of(Bytes4{10, 0, 1, 10}));
  EXPECT_EQ(ip("fe80::10"), IpAddress::of(Bytes16{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}));
  EXPECT_EQ(IpAddress{}, ip("0.0.0.0"));
  EXPECT_EQ(ip("10.0.1.10").bits(), 32);
  EXPECT_EQ(ip("::").bits(), 128);
}

TEST(IpAddress, refuses_what_is_not_one) {
  for (const char* text : {"", "10.0.1", "10.0.1.256", "10.0.1.10/24", " 10.0.1.10", "010.0.0.1",
                           "fe80::10%eth0", "::1::", "[::1]", "host", "1.2.3.4.5"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view{"10.0.1.10\0.evil", 15}));
}

TEST(IpAddress, knows_its_kind) {
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_TRUE(ip("::").is_unspecified());
  EXPECT_FALSE(ip("0.0.0.1").is_unspecified());
  for (const char* text : {"224.0.0.18", "239.255.255.255", "ff02::12"}) EXPECT_TRUE(ip(text).is_multicast());
  for (const char* text : {"223.255.255.255", "240.0.0.0", "fe80::1"}) EXPECT_FALSE(ip(text).is_multicast());
  for (const char* text : {"127.0.0.1", "127.255.0.3", "::1"}) EXPECT_TRUE(ip(text).is_loopback());
  for (const char* text : {"128.0.0.1", "::2", "1::1"}) EXPECT_FALSE(ip(text).is_loopback());
  for (const char* text : {"169.254.3.4", "fe80::1", "febf::1"}) EXPECT_TRUE(ip(text).is_link_local());
  for (const char* text : {"169.253.3.4", "fec0::1", "fd00::1"}) EXPECT_FALSE(ip(text).is_link_local());
}

// RFC 5798 6.4.3 compares unsigned integers in network byte order.
TEST(IpAddress, compares_as_a_number_in_network_order) {
  EXPECT_LT(ip("10.0.1.9"), ip("10.0.1.10"));
  EXPECT_LT(ip("9.255.255.255"), ip("10.0.0.0"));
  EXPECT_LT(ip("127.0.0.1"), ip("128.0.0.1"));
  EXPECT_LT(ip("fe80::9"), ip("fe80::10"));
  EXPECT_LT(ip("255.255.255.255"), ip("::"));
}

RC_GTEST_PROP(IpAddress, of_four_bytes_survives_print_and_parse, (Bytes4 bytes)) {
  const auto address = IpAddress::of(bytes);
  RC_ASSERT(IpAddress::parse(to_string(address)) == address);
  RC_ASSERT(std::ranges::equal(address.bytes(), bytes));
}

RC_GTEST_PROP(IpAddress, of_sixteen_bytes_survives_print_and_parse, (Bytes16 bytes)) {
  const auto address = IpAddress::of(bytes);
  RC_ASSERT(IpAddress::parse(to_string(address)) == address);
  RC_ASSERT(std::ranges::equal(address.bytes(), bytes));
}

RC_GTEST_PROP(IpAddress, has_the_order_of_its_bytes, (Bytes4 a, Bytes4 b)) {
  RC_ASSERT((IpAddress::of(a) < IpAddress::of(b)) == (a < b));
}

TEST(IpPrefix, is_the_host_alone_without_a_length) {
  EXPECT_EQ(net("10.0.1.10").length, 32);
  EXPECT_EQ(net("fe80::10").length, 128);
  EXPECT_EQ(to_string(net("10.0.1.10")), "10.0.1.10/32");
  EXPECT_EQ(to_string(net("2001:db8::10/64")), "2001:db8::10/64");
}

TEST(IpPrefix, refuses_lengths_that_do_not_fit) {
  for (const char* text : {"10.0.1.10/", "10.0.1.10/33", "10.0.1.10/-1", "10.0.1.10/+8", "10.0.1.10/8x",
                           "::/129", "10.0.1/24", "/24", "10.0.1.10/24/24"})
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

TEST(IpPrefix, contains_the_addresses_of_its_network) {
  EXPECT_TRUE(net("10.0.1.10/24").contains(ip("10.0.1.255")));
  EXPECT_FALSE(net("10.0.1.10/24").contains(ip("10.0.2.10")));
  EXPECT_TRUE(net("10.0.1.10/23").contains(ip("10.0.0.1")));
  EXPECT_TRUE(net("10.0.1.10/0").contains(ip("192.0.2.1")));
  EXPECT_FALSE(net("10.0.1.10/0").contains(ip("::1")));
  EXPECT_FALSE(net("10.0.1.10/32").contains(ip("10.0.1.11")));
  EXPECT_TRUE(net("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(net("2001:db8::/33").contains(ip("2001:db8:8000::1")));
}

RC_GTEST_PROP(IpPrefix, survives_print_and_parse_and_contains_itself, (Bytes4 bytes)) {
  const IpPrefix prefix{IpAddress::of(bytes), *rc::gen::inRange(0, 33)};
  RC_ASSERT(IpPrefix::parse(to_string(prefix)) == prefix);
  RC_ASSERT(prefix.contains(prefix.address));
}

}  // namespace
}  // namespace holdfast
