#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "base/ip_address.hpp"
#include "base/result.hpp"

// The little that all sockets of this folder share.
namespace holdfast::vip {

sockaddr_storage socket_address(const IpAddress& address, int link);  // port 0; `link`: the scope of IPv6
socklen_t size_of(const sockaddr_storage& address);
IpAddress address_of(const sockaddr_storage& address);

// A close-on-exec, non-blocking socket. Errc::permission_denied says that CAP_NET_RAW is missing, and how a
// systemd unit gets it.
Result<int> open_raw(int domain, int type, int protocol, const std::string& what);

template <class Value>
bool set_option(int fd, int level, int name, const Value& value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace holdfast::vip
