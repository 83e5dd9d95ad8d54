#pragma once

#include "fixture.hpp"

namespace holdfast::config::test {

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

// Two proxy hosts that share an address.
inline const std::string short_vip_form = R"(scope: payments
nodes:
  pg1: 10.0.1.11
  lb1: {host: 10.0.1.21, roles: [proxy, vip]}
  lb2: {host: 10.0.1.22, roles: [vip, proxy]}
vip: {address: 10.0.1.10/24}
)";

// A host that knows its interfaces.
inline LoadRequest on_lb1() {
  LoadRequest request = on_host("lb1", {"10.0.1.21"});
  request.host.interfaces = {{"lo", {ip("127.0.0.1"), 8}}, {"ens3", {ip("10.0.1.21"), 24}}};
  return request;
}

// An instance written out in full, with what a test adds; ends within vrrp_instance.
inline std::string with_instance(const std::string& keys) {
  std::string all = keys;
  const auto unless = [&](const std::string& key, const std::string& value) {
    if (all.find(key) == std::string::npos) all += (all.empty() ? "" : ", ") + key + " " + value;
  };
  unless("interface:", "eth0");
  unless("virtual_router_id:", "51");
  unless("virtual_ipaddress:", "[10.0.0.1/24]");
  return "scope: s\nvip:\n  vrrp_instance:\n    VI_1: {" + all + "}\n";
}

}  // namespace holdfast::config::test
