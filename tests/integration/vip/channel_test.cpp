#include "vip/channel.hpp"

#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <thread>

#include "async/with_timeout.hpp"
#include "integration/play.hpp"
#include "integration/vip/two_hosts.hpp"

namespace holdfast::vip {
namespace {

using testing::address;
using testing::must;
using vrrp::ChecksumRule;

class Channels : public testing::TwoHosts {
 protected:
  static ChannelOptions options(const testing::Host& host, const std::string& source,
                                std::vector<IpAddress> peers = {}) {
    const auto from = address(source);
    return {.link = host.eth0().index,
            .link_name = "eth0",
            .source = from,
            .peers = std::move(peers),
            .group = vrrp::multicast_group(from.family())};
  }
  static std::unique_ptr<Channel> open(const testing::Host& host, const asio::any_io_executor& executor,
                                       const ChannelOptions& options) {
    return host.in([&] { return Channel::open(executor, options); });
  }
};

vrrp::Advert advert_for(const std::string& text, int priority) {
  return {.virtual_router_id = 51,
          .priority = static_cast<std::uint8_t>(priority),
          .interval = 100ms,
          .addresses = {address(text)}};
}

awaitable<Packet> hear(Channel* channel) {
  auto receiving = channel->receive();
  auto packet = co_await async::with_timeout(10s, std::move(receiving));
  co_return must(std::move(packet));
}

awaitable<void> exchange_adverts(Channel* here, Channel* there, std::string vip, Packet* heard) {
  must(there->send(advert_for(vip, 90), ChecksumRule::standard));  // that it hears itself would be the first
  must(here->send(advert_for(vip, 100), ChecksumRule::standard));
  *heard = co_await hear(there);
}

TEST_F(Channels, an_advert_to_the_group_reaches_the_other_host_and_not_its_sender) {
  for (const auto& [vip, from, to] :
       {std::tuple{"10.0.1.10", "10.0.1.21", "10.0.1.22"}, std::tuple{"fd00::10", "fe80::21", "fe80::22"}}) {
    asio::io_context loop;
    const auto here = open(a_, loop.get_executor(), options(a_, from));
    const auto there = open(b_, loop.get_executor(), options(b_, to));
    Packet heard;
    testing::play(&loop, exchange_adverts(here.get(), there.get(), vip, &heard), 20s);
    EXPECT_EQ(heard.envelope, (vrrp::Envelope{.source = address(from),
                                              .destination = vrrp::multicast_group(address(from).family()),
                                              .hops_left = 255}));
    EXPECT_EQ(vrrp::decode(heard.payload, heard.envelope)->advert, advert_for(vip, 100));
  }
}

TEST_F(Channels, an_advert_to_peers_reaches_each_of_them) {
  for (const auto& [vip, from, to] :
       {std::tuple{"10.0.1.10", "10.0.1.21", "10.0.1.22"}, std::tuple{"fd00::10", "fe80::21", "fe80::22"}}) {
    asio::io_context loop;
    const auto here = open(a_, loop.get_executor(), options(a_, from, {address(to)}));
    const auto there = open(b_, loop.get_executor(), options(b_, to, {address(from)}));
    Packet heard;
    testing::play(&loop, exchange_adverts(here.get(), there.get(), vip, &heard), 20s);
    EXPECT_EQ(heard.envelope,
              (vrrp::Envelope{.source = address(from), .destination = address(to), .hops_left = 255}));
    EXPECT_TRUE(vrrp::decode(heard.payload, heard.envelope));
  }
}

// A packet of protocol 112 as somebody else sends it.
Result<void> send_with_ttl(std::vector<std::uint8_t> bytes, int ttl) {
  const async::Fd fd{::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, vrrp::ip_protocol)};
  ::setsockopt(fd.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(0x0a000116);  // 10.0.1.22
  const auto sent =
      ::sendto(fd.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (sent < 0) return async::fail_with_errno("sending", errno);
  return {};
}

awaitable<void> hear_one(Channel* channel, Packet* heard) {
  *heard = co_await hear(channel);
}

TEST_F(Channels, what_came_through_a_router_shows_it) {
  asio::io_context loop;
  const auto there = open(b_, loop.get_executor(), options(b_, "10.0.1.22"));
  const vrrp::Envelope envelope{.source = address("10.0.1.21"), .destination = address("10.0.1.22")};
  const auto bytes = vrrp::encode(advert_for("10.0.1.10", 100), envelope);
  must(netlink::in_namespace(*a_.place, [&] { return send_with_ttl(bytes, 254); }));
  Packet heard;
  testing::play(&loop, hear_one(there.get(), &heard), 20s);
  EXPECT_EQ(heard.envelope.hops_left, 254);
  EXPECT_EQ(vrrp::decode(heard.payload, heard.envelope).error().fault, vrrp::AdvertFault::ttl);
}

TEST_F(Channels, a_packet_that_is_longer_than_any_advert_breaks_nothing) {
  asio::io_context loop;
  const auto there = open(b_, loop.get_executor(), options(b_, "10.0.1.22"));
  must(netlink::in_namespace(*a_.place,
                             [] { return send_with_ttl(std::vector<std::uint8_t>(8000, 0x31), 255); }));
  must(netlink::in_namespace(*a_.place, [] { return send_with_ttl({}, 255); }));
  Packet heard;
  testing::play(&loop, hear_one(there.get(), &heard), 20s);
  EXPECT_EQ(vrrp::decode(heard.payload, heard.envelope).error().fault, vrrp::AdvertFault::length);
  testing::play(&loop, hear_one(there.get(), &heard), 20s);
  EXPECT_TRUE(heard.payload.empty());
}

TEST_F(Channels, without_its_interface_nothing_is_sent) {
  asio::io_context loop;
  const auto wanted = options(a_, "10.0.1.21");
  const auto here = open(a_, loop.get_executor(), wanted);
  must(a_.kernel->remove_link(wanted.link));
  EXPECT_FALSE(here->send(advert_for("10.0.1.10", 100), ChecksumRule::standard));
  const auto again =
      netlink::in_namespace(*a_.place, [&] { return Channel::open(loop.get_executor(), wanted); });
  EXPECT_EQ(again.error().code, Errc::not_found) << to_string(again.error());
}

TEST_F(Channels, one_peer_that_cant_be_reached_keeps_the_others_from_nothing) {
  asio::io_context loop;
  const auto here =
      open(a_, loop.get_executor(), options(a_, "10.0.1.21", {address("10.0.1.255"), address("10.0.1.22")}));
  const auto there = open(b_, loop.get_executor(), options(b_, "10.0.1.22", {address("10.0.1.21")}));
  EXPECT_FALSE(here->send(advert_for("10.0.1.10", 100), ChecksumRule::standard));
  Packet heard;
  testing::play(&loop, hear_one(there.get(), &heard), 20s);
  EXPECT_EQ(heard.envelope.source, address("10.0.1.21"));
}

Result<void> drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return async::fail_with_errno("capset", errno);
  return {};
}

TEST_F(Channels, who_may_not_open_one_is_told_what_is_missing) {
  asio::io_context loop;
  const auto wanted = options(a_, "10.0.1.21");
  const auto refused = netlink::in_namespace(*a_.place, [&]() -> Result<std::unique_ptr<Channel>> {
    must(drop_capabilities());  // of this thread alone
    return Channel::open(loop.get_executor(), wanted);
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission_denied);
  EXPECT_NE(refused.error().context.find("AmbientCapabilities=CAP_NET_RAW"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::vip
