#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

// Kernel settings by name, in the notation of sysctl(8): parts are parted by dots, and a dot inside a part is
// written as a slash ("net.ipv4.conf.eth0/100.arp_ignore" is of eth0.100). Those of the network are of the
// calling thread's namespace. Reading and writing them: netlink/socket.hpp.
namespace holdfast::netlink {

// "/proc/sys/net/ipv4/conf/eth0.100/arp_ignore". Errc::invalid_argument: a part is empty, "." or "..".
Result<std::string> sysctl_path(std::string_view key);

// A link's name as a part of a key: "eth0/100".
std::string sysctl_part(std::string_view link_name);

}  // namespace holdfast::netlink
