#pragma once

#include <string>

#include "base/result.hpp"
#include "netlink/link.hpp"

// What libnl would cut short or leave out without a word is refused: Errc::invalid_argument.
namespace holdfast::netlink {

Result<void> check_link_name(const std::string& name);  // 1 to 15 characters, no "/", no white space
Result<void> check(const AddressSpec& spec);
Result<void> check(const RouteSpec& spec);

}  // namespace holdfast::netlink
