#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/sections/vip.hpp"
#include "netlink/link.hpp"

// Where a virtual router lives on this host. Pure: from what the kernel lists.
namespace holdfast::vip {

// Links and addresses as the kernel has them now.
struct Host {
  std::vector<netlink::Link> links;
  std::vector<netlink::HostAddress> addresses;

  const netlink::Link* link(const std::string& name) const;
  const netlink::Link* link(int index) const;
  std::vector<IpAddress> own_addresses() const;
};

struct Place {
  netlink::Link link;                           // the instance's interface
  IpAddress source;                             // of adverts
  std::map<std::string, netlink::Link> others;  // `dev` of addresses and routes
};

// What is missing for a virtual router to live here, in words: "eth0 is not there", "eth0 is down",
// "eth0 has no carrier", "eth0 has no IPv4 address to send from".
Result<Place> find_place(const config::VrrpInstance& instance, const Host& host);

// The same question about one tracked interface; nullopt: it works.
std::optional<std::string> fault_of_link(const std::string& name, const Host& host);

}  // namespace holdfast::vip
