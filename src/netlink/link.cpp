#include "netlink/link.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::netlink {

std::string to_string(const Mac& mac) {
  return fmt::format("{:02x}", fmt::join(mac, ":"));
}

}  // namespace holdfast::netlink
