#pragma once

#include "config/sections/vip.hpp"

namespace holdfast::vip {

inline IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}
inline IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

// VI_1: 10.0.1.10/24 on eth0, virtual router 51.
inline config::VrrpInstance an_instance() {
  config::VrrpInstance instance;
  instance.name = "VI_1";
  instance.interface = "eth0";
  instance.virtual_router_id = 51;
  instance.virtual_ipaddress = {{.prefix = prefix("10.0.1.10/24")}};
  return instance;
}

}  // namespace holdfast::vip
