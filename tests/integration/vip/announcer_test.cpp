#include "vip/announcer.hpp"

#include <netinet/icmp6.h>

#include "async/with_timeout.hpp"
#include "integration/play.hpp"
#include "integration/vip/two_hosts.hpp"
#include "vip/sockets.hpp"

namespace holdfast::vip {
namespace {

using testing::address;
using testing::must;

using Announcing = testing::TwoHosts;

std::unique_ptr<ArpWatch> watch_on(const testing::Host& host, const asio::any_io_executor& executor) {
  return host.in([&] { return ArpWatch::open(executor, host.eth0()); });
}
Announcer announcer_on(const testing::Host& host, const netlink::Link& link) {
  return host.in([&] { return Announcer::open(link); });
}

awaitable<void> hear(ArpWatch* watch, Result<Claimant>* heard) {
  auto next = watch->next();
  *heard = co_await async::with_timeout(10s, std::move(next));
}

TEST_F(Announcing, gratuitous_arp_is_heard_on_the_other_side) {
  asio::io_context loop;
  const auto watch = watch_on(b_, loop.get_executor());
  auto announcer = announcer_on(a_, a_.eth0());
  must(announcer.announce(address("10.0.1.10")));
  Result<Claimant> heard;
  testing::play(&loop, hear(watch.get(), &heard), 20s);
  EXPECT_EQ(must(heard), (Claimant{.address = address("10.0.1.10"), .mac = a_.eth0().mac}));
}

TEST_F(Announcing, what_comes_from_our_own_mac_is_us) {
  asio::io_context loop;
  const auto watch = watch_on(b_, loop.get_executor());
  auto looped = a_.eth0();
  looped.mac = b_.eth0().mac;
  auto mirror = announcer_on(a_, looped);
  auto other = announcer_on(a_, a_.eth0());
  must(mirror.announce(address("10.0.1.10")));
  must(other.announce(address("10.0.1.11")));
  Result<Claimant> heard;
  testing::play(&loop, hear(watch.get(), &heard), 20s);
  EXPECT_EQ(must(heard).address, address("10.0.1.11"));
}

TEST_F(Announcing, a_link_that_goes_down_is_said_and_heard_again_when_it_is_back) {
  asio::io_context loop;
  const auto watch = watch_on(b_, loop.get_executor());
  const auto eth0 = b_.eth0().index;
  must(b_.kernel->set_up(eth0, false));
  Result<Claimant> heard;
  testing::play(&loop, hear(watch.get(), &heard), 20s);
  ASSERT_FALSE(heard);
  EXPECT_NE(heard.error().code, Errc::cancelled);
  must(b_.kernel->set_up(eth0, true));
  auto announcer = announcer_on(a_, a_.eth0());
  const auto deadline = BootClock::now() + 10s;
  while (!heard && BootClock::now() < deadline) {  // until the cable carries again
    if (!announcer.announce(address("10.0.1.10"))) continue;
    testing::play(&loop, hear(watch.get(), &heard), 20s);
  }
  EXPECT_EQ(must(heard).address, address("10.0.1.10"));
}

// A socket that hears neighbour advertisements.
Result<std::unique_ptr<async::Fd>> icmp_on() {
  auto fd = open_raw(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, "ICMPv6");
  if (!fd) return tl::unexpected(fd.error());
  icmp6_filter only{};
  ICMP6_FILTER_SETBLOCKALL(&only);
  ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &only);
  set_option(*fd, IPPROTO_ICMPV6, ICMP6_FILTER, only);
  set_option(*fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  return std::make_unique<async::Fd>(*fd);
}

// Until one for `target` comes; the kernel has advertisements of its own.
std::optional<std::vector<std::uint8_t>> advertisement_for(int fd, const IpAddress& target) {
  const auto deadline = BootClock::now() + 10s;
  while (BootClock::now() < deadline) {
    std::vector<std::uint8_t> bytes(256);
    const auto size = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (size < 24) continue;
    bytes.resize(static_cast<std::size_t>(size));
    if (std::ranges::equal(std::span{bytes}.subspan(8, 16), target.bytes())) return bytes;
  }
  return {};
}

TEST_F(Announcing, neighbours_are_told_of_an_ipv6_address_that_is_set) {
  const auto ear = b_.in(icmp_on);
  auto announcer = announcer_on(a_, a_.eth0());
  EXPECT_FALSE(announcer.announce(address("fd00::10"))) << "it is not ours to speak from";
  a_.set("fd00::10/64");
  must(announcer.announce(address("fd00::10")));
  auto heard = advertisement_for(ear->get(), address("fd00::10"));
  ASSERT_TRUE(heard);
  auto expected = neighbour_advertisement(address("fd00::10"), a_.eth0().mac);
  for (const std::size_t checksum : {2U, 3U}) (*heard)[checksum] = expected[checksum] = 0;
  EXPECT_EQ(*heard, expected);
}

TEST_F(Announcing, a_link_without_arp_has_nobody_to_tell) {
  auto link = a_.eth0();
  link.has_arp = false;
  link.index = 4711;
  EXPECT_TRUE(announcer_on(a_, link).announce(address("10.0.1.10")));
}

}  // namespace
}  // namespace holdfast::vip
