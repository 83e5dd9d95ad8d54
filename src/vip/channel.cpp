#include "vip/channel.hpp"

#include <netinet/ip.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>

#include "vip/sockets.hpp"

namespace holdfast::vip {
namespace {

constexpr std::size_t packet_bytes_max =
    2048;  // an advert of 255 IPv6 addresses has 4 kB, and nobody sends it
constexpr int on = 1;
constexpr int off = 0;
constexpr int receive_bytes = 256 * 1024;  // what comes while we are frozen is still to be heard

// How the kernel wants control messages: the options of the union make it aligned.
union Control {
  cmsghdr align;
  std::array<char, 256> bytes;
};

bool join_ipv4(int fd, const ChannelOptions& options) {
  ip_mreqn membership{};
  membership.imr_ifindex = options.link;
  set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, membership);
  std::memcpy(&membership.imr_multiaddr, options.group.bytes().data(), 4);
  return set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership);
}

bool join_ipv6(int fd, const ChannelOptions& options) {
  ipv6_mreq membership{};
  membership.ipv6mr_interface = static_cast<unsigned>(options.link);
  set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, options.link);
  std::memcpy(&membership.ipv6mr_multiaddr, options.group.bytes().data(), 16);
  return set_option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, membership);
}

bool configure_ipv4(int fd, const ChannelOptions& options) {
  constexpr int network_control = IPTOS_PREC_INTERNETCONTROL;
  constexpr unsigned char multicast_hops = vrrp::hop_limit;
  constexpr unsigned char no_loop = 0;
  set_option(fd, IPPROTO_IP, IP_TTL, vrrp::hop_limit);
  set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, multicast_hops);
  set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, no_loop);
  set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, off);
  set_option(fd, IPPROTO_IP, IP_TOS, network_control);
  set_option(fd, IPPROTO_IP, IP_PKTINFO, on);
  return !options.peers.empty() || join_ipv4(fd, options);
}

bool configure_ipv6(int fd, const ChannelOptions& options) {
  set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, vrrp::hop_limit);
  set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, vrrp::hop_limit);
  set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, off);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, on);
  set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, on);
  return !options.peers.empty() || join_ipv6(fd, options);
}

Result<void> configure(int fd, const ChannelOptions& options) {
  const auto what = "VRRP on " + options.link_name;
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options.link_name.c_str(),
                   static_cast<socklen_t>(options.link_name.size())) != 0) {
    if (errno == ENODEV) return fail(Errc::not_found, what + ": there is no such interface");
    return async::fail_with_errno(what, errno);
  }
  set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_bytes);
  set_option(fd, SOL_SOCKET, SO_PRIORITY, 6);  // TC_PRIO_INTERACTIVE's neighbour: control traffic
  const bool is_ready = options.source.is_ipv4() ? configure_ipv4(fd, options) : configure_ipv6(fd, options);
  if (!is_ready) return async::fail_with_errno(what + ": joining " + to_string(options.group), errno);
  return {};
}

void read_control(msghdr& message, Packet& packet) {
  for (auto* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != IPPROTO_IPV6) continue;
    if (each->cmsg_type == IPV6_HOPLIMIT) {
      std::memcpy(&packet.envelope.hops_left, CMSG_DATA(each), sizeof(int));
    } else if (each->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(each), sizeof info);
      packet.envelope.destination =
          IpAddress::of(std::span<const std::uint8_t, 16>{info.ipi6_addr.s6_addr, 16});
    }
  }
}

// A raw IPv4 socket delivers the IP header, too. False: not even that fits.
bool take_ipv4_header(Packet& packet) {
  auto& bytes = packet.payload;
  if (bytes.size() < sizeof(iphdr)) return false;
  const std::size_t header = static_cast<std::size_t>(bytes[0] & 0x0f) * 4;
  if (header < sizeof(iphdr) || bytes.size() < header) return false;
  packet.envelope.hops_left = bytes[8];
  packet.envelope.destination = IpAddress::of(std::span<const std::uint8_t, 4>{bytes.data() + 16, 4});
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  return true;
}

// The source address and the interface of what is sent, whatever the routing table thinks.
template <class Info>
void say_source(msghdr& message, Control& control, int level, int type, const Info& info) {
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(sizeof info);
  auto* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

void say_source(msghdr& message, Control& control, const ChannelOptions& options) {
  if (options.source.is_ipv4()) {
    in_pktinfo info{};
    info.ipi_ifindex = options.link;
    std::memcpy(&info.ipi_spec_dst, options.source.bytes().data(), 4);
    say_source(message, control, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = static_cast<unsigned>(options.link);
    std::memcpy(&info.ipi6_addr, options.source.bytes().data(), 16);
    say_source(message, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

}  // namespace

struct Channel::State {
  State(const asio::any_io_executor& executor, int fd) : socket{executor, fd} {}
  asio::posix::stream_descriptor socket;  // owns the descriptor
};

Channel::Channel(std::unique_ptr<State> state, ChannelOptions options)
    : state_{std::move(state)}, options_{std::move(options)} {}
Channel::~Channel() = default;

Result<std::unique_ptr<Channel>> Channel::open(const asio::any_io_executor& executor,
                                               ChannelOptions options) {
  const int domain = options.source.is_ipv4() ? AF_INET : AF_INET6;
  const auto fd = open_raw(domain, SOCK_RAW, vrrp::ip_protocol, "VRRP on " + options.link_name);
  if (!fd) return tl::unexpected(fd.error());
  auto state = std::make_unique<State>(executor, *fd);
  if (auto ready = configure(*fd, options); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Channel>{new Channel{std::move(state), std::move(options)}};
}

awaitable<Result<Packet>> Channel::receive() {
  for (;;) {
    const auto [ec] =
        co_await state_->socket.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    if (ec) co_return async::fail_with("receiving on " + options_.link_name, ec);
    Packet packet;
    packet.payload.resize(packet_bytes_max);
    sockaddr_storage source{};
    iovec part{packet.payload.data(), packet.payload.size()};
    Control control{};
    msghdr message{};
    message.msg_name = &source;
    message.msg_namelen = sizeof source;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const auto size = ::recvmsg(state_->socket.native_handle(), &message, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) co_return async::fail_with_errno("receiving on " + options_.link_name, errno);
    packet.payload.resize(static_cast<std::size_t>(size));
    packet.envelope.source = address_of(source);
    if (source.ss_family == AF_INET6) {
      read_control(message, packet);
    } else if (!take_ipv4_header(packet)) {
      continue;
    }
    co_return packet;
  }
}

Result<void> Channel::send(const vrrp::Advert& advert, vrrp::ChecksumRule rule) {
  if (options_.peers.empty()) return send_to(options_.group, advert, rule);
  Result<void> first;
  for (const auto& peer : options_.peers) {
    auto sent = send_to(peer, advert, rule);
    if (!sent && first) first = std::move(sent);
  }
  return first;
}

Result<void> Channel::send_to(const IpAddress& destination, const vrrp::Advert& advert,
                              vrrp::ChecksumRule rule) {
  auto bytes = vrrp::encode(advert, {.source = options_.source, .destination = destination}, rule);
  auto target = socket_address(destination, options_.link);
  iovec part{bytes.data(), bytes.size()};
  Control control{};
  msghdr message{};
  message.msg_name = &target;
  message.msg_namelen = size_of(target);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  say_source(message, control, options_);
  if (::sendmsg(state_->socket.native_handle(), &message, MSG_NOSIGNAL) >= 0) return {};
  return async::fail_with_errno("sending to " + to_string(destination) + " on " + options_.link_name, errno);
}

}  // namespace holdfast::vip
