#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "async/asio.hpp"
#include "netlink/link.hpp"

namespace holdfast::vip {

// Tells the neighbours of one interface where an address is now: gratuitous ARP (RFC 5227 section 3, as a
// request to broadcast, keepalived's form) or an unsolicited neighbour advertisement with the override flag
// (RFC 4861 section 7.2.6).
class Announcer {
 public:
  // Errc::permission_denied names CAP_NET_RAW.
  static Result<Announcer> open(const netlink::Link& link);
  Announcer(Announcer&& other) noexcept;
  Announcer& operator=(Announcer&& other) noexcept;
  ~Announcer();

  Result<void> announce(const IpAddress& address);  // once; `address` must be set on the interface

 private:
  explicit Announcer(netlink::Link link) : link_{std::move(link)} {}
  Result<void> send_arp(const IpAddress& address);
  Result<void> send_neighbour_advertisement(const IpAddress& address);

  netlink::Link link_;
  int arp_ = -1;
  int icmp_ = -1;
};

// Somebody who says that an address is his.
struct Claimant {
  IpAddress address;
  netlink::Mac mac{};

  bool operator==(const Claimant&) const = default;
};

// Hears ARP on one interface: who else answers for the addresses that we watch.
class ArpWatch {
 public:
  static Result<std::unique_ptr<ArpWatch>> open(const asio::any_io_executor& executor,
                                                const netlink::Link& link);
  ~ArpWatch();

  // The next one whose MAC is not ours; probes (sender 0.0.0.0) say nothing.
  awaitable<Result<Claimant>> next();

 private:
  struct State;
  explicit ArpWatch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The bytes, for tests.
std::vector<std::uint8_t> gratuitous_arp(const IpAddress& address, const netlink::Mac& mac);
std::vector<std::uint8_t> neighbour_advertisement(const IpAddress& address, const netlink::Mac& mac);
std::optional<Claimant> claimant_in(
    std::span<const std::uint8_t> arp);  // nullopt: not ARP for IPv4 on Ethernet

}  // namespace holdfast::vip
