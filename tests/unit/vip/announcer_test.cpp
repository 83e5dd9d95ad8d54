#include "vip/announcer.hpp"

#include <gtest/gtest.h>

#include "unit/vip/values.hpp"

namespace holdfast::vip {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr netlink::Mac mac{0x02, 0x42, 0x0a, 0x00, 0x01, 0x15};

TEST(GratuitousArp, is_a_request_for_the_address_by_its_holder) {
  EXPECT_EQ(gratuitous_arp(address("10.0.1.10"), mac),
            (Bytes{0,    1,    8,    0,    6,    4,    0,  1,            // Ethernet, IPv4, request
                   0x02, 0x42, 0x0a, 0x00, 0x01, 0x15, 10, 0, 1, 10,     // sender
                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 0, 1, 10}));  // target
}

TEST(NeighbourAdvertisement, overrides_what_the_neighbours_knew) {
  EXPECT_EQ(neighbour_advertisement(address("fd00::10"), mac),
            (Bytes{136,  0, 0,    0,    0x20, 0,    0,    0,  // override, unsolicited
                   0xfd, 0, 0,    0,    0,    0,    0,    0,   0, 0, 0, 0, 0, 0, 0, 0x10,  // target
                   2,    1, 0x02, 0x42, 0x0a, 0x00, 0x01, 0x15}));                         // its link address
}

TEST(Claimant, is_whoever_asks_or_answers_from_an_address) {
  auto arp = gratuitous_arp(address("10.0.1.10"), mac);
  const Claimant claimant{.address = address("10.0.1.10"), .mac = mac};
  EXPECT_EQ(claimant_in(arp), claimant);
  arp[7] = 2;  // a reply
  EXPECT_EQ(claimant_in(arp), claimant);
  arp.resize(46);  // padded to the least that Ethernet carries
  EXPECT_EQ(claimant_in(arp), claimant);
}

TEST(Claimant, a_probe_claims_nothing) {
  EXPECT_FALSE(claimant_in(gratuitous_arp(address("0.0.0.0"), mac)));
}

TEST(Claimant, what_is_not_arp_for_ipv4_on_ethernet_is_not_read) {
  const auto arp = gratuitous_arp(address("10.0.1.10"), mac);
  for (std::size_t size = 0; size < arp.size(); ++size)
    EXPECT_FALSE(claimant_in(std::span{arp}.first(size))) << size;
  for (std::size_t at = 0; at < 6; ++at) {
    auto other = arp;
    other[at] ^= 1;
    EXPECT_FALSE(claimant_in(other)) << at;
  }
}

}  // namespace
}  // namespace holdfast::vip
