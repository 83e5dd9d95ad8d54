#include "vip/sockets.hpp"

#include <algorithm>
#include <cerrno>

#include "async/asio.hpp"

namespace holdfast::vip {

sockaddr_storage socket_address(const IpAddress& address, int link) {
  sockaddr_storage storage{};
  const auto bytes = address.bytes();
  if (address.is_ipv4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    std::ranges::copy(bytes, reinterpret_cast<std::uint8_t*>(&v4.sin_addr));
    return storage;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  const bool needs_scope = address.is_link_local() || address.is_multicast();
  v6.sin6_scope_id = needs_scope ? static_cast<std::uint32_t>(link) : 0;
  std::ranges::copy(bytes, reinterpret_cast<std::uint8_t*>(&v6.sin6_addr));
  return storage;
}

socklen_t size_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

IpAddress address_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    const auto* bytes = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr.s6_addr;
    return IpAddress::of(std::span<const std::uint8_t, 16>{bytes, 16});
  }
  const auto* bytes =
      reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  return IpAddress::of(std::span<const std::uint8_t, 4>{bytes, 4});
}

Result<int> open_raw(int domain, int type, int protocol, const std::string& what) {
  const int fd = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd >= 0) return fd;
  if (errno != EPERM && errno != EACCES) return async::fail_with_errno(what, errno);
  return fail(
      Errc::permission_denied,
      what +
          ": CAP_NET_RAW is missing; in a systemd unit: AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN; "
          "else run as root");
}

}  // namespace holdfast::vip
