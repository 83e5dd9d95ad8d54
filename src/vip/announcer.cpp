#include "vip/announcer.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>

#include "vip/sockets.hpp"

namespace holdfast::vip {
namespace {

constexpr std::size_t arp_bytes = 28;
constexpr std::array<std::uint8_t, 8> arp_request_head{0, 1, 0x08, 0, 6, 4, 0, 1};  // Ethernet, IPv4, request
const IpAddress all_nodes = *IpAddress::parse("ff02::1");

sockaddr_ll link_address(const netlink::Link& link) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ARP);
  address.sll_ifindex = link.index;
  address.sll_halen = ETH_ALEN;
  std::fill_n(address.sll_addr, ETH_ALEN, 0xff);
  return address;
}

template <class Range>
void append(std::vector<std::uint8_t>& bytes, const Range& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::uint8_t> gratuitous_arp(const IpAddress& address, const netlink::Mac& mac) {
  std::vector<std::uint8_t> bytes;
  append(bytes, arp_request_head);
  append(bytes, mac);
  append(bytes, address.bytes());
  bytes.insert(bytes.end(), ETH_ALEN, 0xff);
  append(bytes, address.bytes());
  return bytes;
}

// The kernel fills in the checksum.
std::vector<std::uint8_t> neighbour_advertisement(const IpAddress& address, const netlink::Mac& mac) {
  constexpr std::uint8_t override_flag = 0x20;
  constexpr std::uint8_t target_link_layer = 2;
  std::vector<std::uint8_t> bytes{ND_NEIGHBOR_ADVERT, 0, 0, 0, override_flag, 0, 0, 0};
  append(bytes, address.bytes());
  bytes.push_back(target_link_layer);
  bytes.push_back(1);  // in units of 8 bytes
  append(bytes, mac);
  return bytes;
}

std::optional<Claimant> claimant_in(std::span<const std::uint8_t> arp) {
  if (arp.size() < arp_bytes || !std::equal(arp.begin(), arp.begin() + 6, arp_request_head.begin()))
    return {};
  Claimant claimant{.address = IpAddress::of(arp.subspan<14, 4>()), .mac = {}};
  std::ranges::copy(arp.subspan(8, ETH_ALEN), claimant.mac.begin());
  if (claimant.address.is_unspecified()) return {};
  return claimant;
}

Result<Announcer> Announcer::open(const netlink::Link& link) {
  Announcer announcer{link};
  const auto arp = open_raw(AF_PACKET, SOCK_DGRAM, 0, "ARP on " + link.name);
  if (!arp) return tl::unexpected(arp.error());
  announcer.arp_ = *arp;
  const auto icmp = open_raw(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, "neighbour discovery on " + link.name);
  if (!icmp && icmp.error().code == Errc::permission_denied) return tl::unexpected(icmp.error());
  announcer.icmp_ = icmp.value_or(-1);  // a kernel without IPv6 has no use for it
  if (announcer.icmp_ >= 0) {
    set_option(announcer.icmp_, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
    set_option(announcer.icmp_, IPPROTO_IPV6, IPV6_MULTICAST_IF, link.index);
    icmp6_filter nothing{};
    ICMP6_FILTER_SETBLOCKALL(&nothing);  // it only sends
    set_option(announcer.icmp_, IPPROTO_ICMPV6, ICMP6_FILTER, nothing);
  }
  return announcer;
}

Announcer::Announcer(Announcer&& other) noexcept
    : link_{std::move(other.link_)},
      arp_{std::exchange(other.arp_, -1)},
      icmp_{std::exchange(other.icmp_, -1)} {}

Announcer& Announcer::operator=(Announcer&& other) noexcept {
  std::swap(link_, other.link_);
  std::swap(arp_, other.arp_);
  std::swap(icmp_, other.icmp_);
  return *this;
}

Announcer::~Announcer() {
  if (arp_ >= 0) ::close(arp_);
  if (icmp_ >= 0) ::close(icmp_);
}

Result<void> Announcer::announce(const IpAddress& address) {
  if (!link_.has_arp) return {};  // a point-to-point link has no neighbours to tell
  return address.is_ipv4() ? send_arp(address) : send_neighbour_advertisement(address);
}

Result<void> Announcer::send_arp(const IpAddress& address) {
  const auto bytes = gratuitous_arp(address, link_.mac);
  const auto target = link_address(link_);
  const auto sent = ::sendto(arp_, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&target), sizeof target);
  if (sent >= 0) return {};
  return async::fail_with_errno("gratuitous ARP for " + to_string(address) + " on " + link_.name, errno);
}

Result<void> Announcer::send_neighbour_advertisement(const IpAddress& address) {
  if (icmp_ < 0) return fail(Errc::unsupported, "this kernel has no IPv6");
  auto bytes = neighbour_advertisement(address, link_.mac);
  auto target = socket_address(all_nodes, link_.index);
  iovec part{bytes.data(), bytes.size()};
  in6_pktinfo info{};
  info.ipi6_ifindex = static_cast<unsigned>(link_.index);
  std::memcpy(&info.ipi6_addr, address.bytes().data(), 16);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof info)> control{};
  msghdr message{};
  message.msg_name = &target;
  message.msg_namelen = size_of(target);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IPV6;
  header->cmsg_type = IPV6_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  if (::sendmsg(icmp_, &message, MSG_NOSIGNAL) >= 0) return {};
  return async::fail_with_errno("neighbour advertisement for " + to_string(address) + " on " + link_.name,
                                errno);
}

struct ArpWatch::State {
  State(const asio::any_io_executor& executor, int fd, netlink::Link on)
      : socket{executor, fd}, link{std::move(on)} {}
  asio::posix::stream_descriptor socket;
  netlink::Link link;
};

ArpWatch::ArpWatch(std::unique_ptr<State> state) : state_{std::move(state)} {}
ArpWatch::~ArpWatch() = default;

Result<std::unique_ptr<ArpWatch>> ArpWatch::open(const asio::any_io_executor& executor,
                                                 const netlink::Link& link) {
  const auto fd = open_raw(AF_PACKET, SOCK_DGRAM, 0, "ARP on " + link.name);
  if (!fd) return tl::unexpected(fd.error());
  auto state = std::make_unique<State>(executor, *fd, link);
  auto address = link_address(link);
  if (::bind(*fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return async::fail_with_errno("ARP on " + link.name, errno);
  return std::unique_ptr<ArpWatch>{new ArpWatch{std::move(state)}};
}

awaitable<Result<Claimant>> ArpWatch::next() {
  for (;;) {
    const auto [ec] =
        co_await state_->socket.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    if (ec) co_return async::fail_with("ARP on " + state_->link.name, ec);
    std::array<std::uint8_t, 64> bytes{};
    const auto size = ::recv(state_->socket.native_handle(), bytes.data(), bytes.size(), 0);
    if (size < 0 && errno != EAGAIN && errno != EINTR)
      co_return async::fail_with_errno("ARP on " + state_->link.name, errno);
    if (size <= 0) continue;
    const auto claimant = claimant_in(std::span{bytes}.first(static_cast<std::size_t>(size)));
    if (claimant && claimant->mac != state_->link.mac) co_return *claimant;
  }
}

}  // namespace holdfast::vip
