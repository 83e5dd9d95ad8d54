#include "proxy/listen.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.hpp"

namespace holdfast::proxy {
namespace {

using Endpoint = asio::ip::tcp::endpoint;

// "*" and "::" are every address of both families: an IPv6 socket that takes IPv4 too.
Result<Endpoint> endpoint_of(const config::HostPort& address) {
  const auto port = static_cast<std::uint16_t>(address.port);
  if (address.host == "*" || address.host.empty()) return Endpoint{asio::ip::tcp::v6(), port};
  boost::system::error_code failure;
  const auto host = address.host == "localhost" ? std::string{"127.0.0.1"} : address.host;
  const auto ip = asio::ip::make_address(host, failure);
  if (failure)
    return fail(Errc::invalid_argument, "listening on " + print_host_port(address) + ": not an address");
  return Endpoint{ip, port};
}

tl::unexpected<Error> bind_failure(const config::HostPort& address, int error_number) {
  const auto what = "listening on " + print_host_port(address) + ": ";
  if (error_number == EADDRINUSE) {
    const auto port = std::to_string(address.port);
    return fail(Errc::refused, what + "the port is in use by another program (ss -ltnp sport = :" + port +
                                   " shows which); stop it or change proxy.listeners");
  }
  if (error_number == EADDRNOTAVAIL)
    return fail(Errc::invalid_argument, what +
                                            "not an address of this host (one that floats is to stand under "
                                            "vip, or needs net.ipv4.ip_nonlocal_bind=1)");
  if (error_number == EACCES)
    return fail(Errc::permission_denied, what + "ports below 1024 need a privilege");
  return async::fail_with_errno(what, error_number);
}

// A bound socket, or -errno.
int open_bound(const Endpoint& endpoint, bool shared, bool is_floating) {
  const int fd = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (is_floating) ::setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
  // Whatever net.ipv6.bindv6only says.
  if (endpoint.address().is_v6()) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) return fd;
  const int failure = errno;
  ::close(fd);
  return -failure;
}

// No IPv6 in this kernel (ipv6.disable=1), or on this host (net.ipv6.conf.all.disable_ipv6).
bool lacks_ipv6(const Endpoint& endpoint, int error_number) {
  const bool is_every_address = endpoint.address().is_v6() && endpoint.address().is_unspecified();
  return is_every_address && (error_number == EAFNOSUPPORT || error_number == EADDRNOTAVAIL);
}

}  // namespace

Result<SharedPort> SharedPort::bind(const config::HostPort& address, int workers, Sharing sharing,
                                    bool is_floating) {
  auto endpoint = endpoint_of(address);
  if (!endpoint) return tl::unexpected{endpoint.error()};
  SharedPort shared;
  shared.endpoint_ = *endpoint;
  // SO_REUSEPORT would share the port with another proxy of the same user without a word: ask without it
  // first.
  int probe = open_bound(shared.endpoint_, sharing == Sharing::with_ourselves, is_floating);
  if (probe < 0 && lacks_ipv6(shared.endpoint_, -probe)) {
    shared.endpoint_ = Endpoint{asio::ip::tcp::v4(), shared.endpoint_.port()};
    probe = open_bound(shared.endpoint_, sharing == Sharing::with_ourselves, is_floating);
  }
  if (probe < 0) return bind_failure(address, -probe);
  ::close(probe);
  for (int i = 0; i < workers; ++i) {
    const int fd = open_bound(shared.endpoint_, true, is_floating);
    if (fd < 0) return bind_failure(address, -fd);
    shared.descriptors_.push_back(fd);
    socklen_t size = static_cast<socklen_t>(shared.endpoint_.capacity());
    ::getsockname(fd, shared.endpoint_.data(), &size);  // port 0 has become a real one
    if (::listen(fd, SOMAXCONN) != 0) return bind_failure(address, errno);
  }
  return shared;
}

SharedPort::~SharedPort() {
  for (const int fd : descriptors_) ::close(fd);
}

Acceptor SharedPort::take(asio::io_context& loop) {
  CHECK(!descriptors_.empty());
  const int fd = descriptors_.back();
  descriptors_.pop_back();
  return Acceptor{loop, endpoint_.protocol(), fd};
}

std::int64_t raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::int64_t>(limit.rlim_cur);
}

}  // namespace holdfast::proxy
