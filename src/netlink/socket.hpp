#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "netlink/link.hpp"

namespace holdfast::netlink {

// Asks and commands the kernel about links, addresses and routes of the network namespace in which it was
// opened. Each call is answered by the kernel itself, within microseconds, so it may be made on a loop.
// Errors: permission_denied names the capability that is missing (CAP_NET_ADMIN) and how a systemd unit gets
// it; not_found: no such link, address or route; conflict: it is there already; unavailable: the link of a
// route is down; invalid_argument: what could not be kept as it is (a name of 16 characters); else io_error
// with the kernel's own words.
class Socket {
 public:
  static Result<Socket> open();
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  Result<std::vector<Link>> links();
  Result<Link> link(const std::string& name);
  Result<std::vector<HostAddress>> addresses();

  // Adds it, or sets the lifetime of the one that is there, which stays in place meanwhile; a permanent one
  // becomes temporary with it. IPv6: without duplicate detection; the one that is there may be of another
  // length, and keeps it. True: it was not there before.
  Result<bool> set_address(const AddressSpec& spec);
  // The first IPv4 address of a subnet takes the others of the same subnet along (so does the
  // end of its lifetime), unless the sysctl
  // net.ipv4.conf.*.promote_secondaries of the link is 1.
  Result<void> remove_address(int link, const IpPrefix& prefix);
  Result<void> set_route(const RouteSpec& spec);  // adds or replaces
  Result<void> remove_route(const RouteSpec& spec);

  // A virtual MAC on top of `parent` (macvlan, mode private, as keepalived's use_vmac). Returns its index.
  Result<int> add_macvlan(const std::string& name, int parent, const Mac& mac);
  Result<int> add_bridge(const std::string& name);
  Result<void> add_veth(const std::string& name, const std::string& peer);
  Result<void> remove_link(int index);
  Result<void> set_up(int index, bool is_up);
  Result<void> set_master(int index, int bridge);  // 0: none
  Result<void> move_to_namespace(int index, int namespace_fd);
  Result<void> rename(int index, const std::string& name);  // of a link that is down

 private:
  struct State;
  explicit Socket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "/proc/sys/net/ipv4/conf/eth0/arp_ignore" := "1". Errc::not_found, permission_denied, io_error.
Result<std::string> read_sysctl(
    const std::string& key);  // "net.ipv4.conf.eth0.arp_ignore", dots in names as /
Result<void> write_sysctl(const std::string& key, const std::string& value);

}  // namespace holdfast::netlink
