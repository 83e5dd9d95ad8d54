#include "netlink/checks.hpp"

#include <net/if.h>

#include <limits>

namespace holdfast::netlink {
namespace {

constexpr std::size_t name_length_max = IFNAMSIZ - 1;
constexpr auto lifetime_max =
    seconds{std::numeric_limits<std::uint32_t>::max() - 1};  // the next means for ever

bool is_same_family(const IpPrefix& prefix, const std::optional<IpAddress>& other) {
  return !other || other->family() == prefix.address.family();
}

tl::unexpected<Error> refuse(const IpPrefix& prefix, const std::string& why) {
  return fail(Errc::invalid_argument, to_string(prefix) + ": " + why);
}

}  // namespace

// As the kernel's dev_valid_name().
Result<void> check_link_name(const std::string& name) {
  const bool has_length = !name.empty() && name.size() <= name_length_max;
  const bool has_letters = name.find_first_of("/: \t\n\v\f\r") == std::string::npos;
  if (has_length && has_letters && name != "." && name != "..") return {};
  return fail(Errc::invalid_argument,
              "'" + name + "' is no name of a link: 1 to 15 characters, no '/', ':' or space");
}

Result<void> check(const AddressSpec& spec) {
  if (spec.label.size() > name_length_max) return refuse(spec.prefix, "a label has 15 characters at most");
  if (spec.broadcast && !(spec.prefix.address.is_ipv4() && spec.broadcast->is_ipv4())) {
    return refuse(spec.prefix, "only IPv4 has a broadcast address");
  }
  if (spec.valid_lft && (*spec.valid_lft < 1s || *spec.valid_lft > lifetime_max)) {
    return refuse(spec.prefix, "a lifetime is a second at least");
  }
  return {};
}

Result<void> check(const RouteSpec& spec) {
  if (!is_same_family(spec.destination, spec.gateway))
    return refuse(spec.destination, "its gateway is of another family");
  if (!is_same_family(spec.destination, spec.source))
    return refuse(spec.destination, "its source is of another family");
  return {};
}

}  // namespace holdfast::netlink
