#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/ip_address.hpp"

// What rtnetlink knows and takes, as plain values (rtnetlink(7)).
namespace holdfast::netlink {

using Mac = std::array<std::uint8_t, 6>;
std::string to_string(const Mac& mac);  // "00:00:5e:00:01:33"

struct Link {
  int index = 0;
  std::string name;
  std::string kind;  // "veth", "bridge", "macvlan"; empty: hardware
  Mac mac{};
  int mtu = 0;
  bool is_up = false;        // IFF_UP: somebody wants it up
  bool has_carrier = false;  // IFF_RUNNING: it works, too
  bool is_loopback = false;
  bool has_arp = true;  // not IFF_NOARP
  int parent = 0;       // of a macvlan, in the same namespace

  bool operator==(const Link&) const = default;
};

struct HostAddress {
  int link = 0;
  IpPrefix prefix;
  std::string label;
  bool is_permanent = true;   // no lifetime
  milliseconds valid_left{};  // else what is left of it, in whole seconds
  bool has_failed_dad = false;
  bool is_tentative = false;  // duplicate detection still runs: nothing can be sent from it

  bool operator==(const HostAddress&) const = default;
};

enum class Scope : std::uint8_t { global = 0, site = 200, link = 253, host = 254 };  // rtnetlink's numbers

// An address to be set.
struct AddressSpec {
  int link = 0;
  IpPrefix prefix;
  std::string label;  // IPv4: begins with the link's name
  std::optional<IpAddress> broadcast;
  Scope scope = Scope::global;
  // The kernel removes it unless it is set again before; whole seconds, at least 1. nullopt: for ever.
  std::optional<seconds> valid_lft;

  bool operator==(const AddressSpec&) const = default;
};

struct RouteSpec {
  IpPrefix destination;
  std::optional<IpAddress> gateway;
  int link = 0;  // 0: by the gateway
  std::optional<IpAddress> source;
  int metric = 0;
  int table = 0;  // 0: main
  std::optional<Scope> scope;
  bool onlink = false;

  bool operator==(const RouteSpec&) const = default;
};

}  // namespace holdfast::netlink
