#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast {

// An IPv4 or IPv6 address, without zone or port. Compares by family, then as a number in network order: the
// order that VRRP breaks ties with (RFC 5798 6.4.3).
class IpAddress {
 public:
  enum class Family : std::uint8_t { ipv4, ipv6 };

  IpAddress() = default;                                  // 0.0.0.0
  static Result<IpAddress> parse(std::string_view text);  // Errc::invalid_argument
  static IpAddress of(std::span<const std::uint8_t, 4> bytes);
  static IpAddress of(std::span<const std::uint8_t, 16> bytes);

  Family family() const { return family_; }
  bool is_ipv4() const { return family_ == Family::ipv4; }
  bool is_ipv6() const { return family_ == Family::ipv6; }
  bool is_unspecified() const;
  bool is_multicast() const;
  bool is_loopback() const;
  bool is_link_local() const;  // fe80::/10, 169.254.0.0/16
  int bits() const { return is_ipv4() ? 32 : 128; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_ipv4() ? 4U : 16U}; }

  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

// An address with the length of its network: "10.0.1.10/24". Without a length: the host alone.
struct IpPrefix {
  IpAddress address;
  int length = 32;

  static Result<IpPrefix> parse(std::string_view text);
  bool contains(const IpAddress& other) const;  // the network that it lies in

  auto operator<=>(const IpPrefix&) const = default;
};

std::string to_string(const IpAddress& address);
std::string to_string(const IpPrefix& prefix);  // always with the length

}  // namespace holdfast
