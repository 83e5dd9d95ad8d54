#include "base/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace holdfast {

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string whole{text};
  IpAddress address;
  // inet_pton() stops at a zero byte, and would take what stands before it.
  if (whole.find('\0') != std::string::npos) return fail(Errc::invalid_argument, "not an IP address");
  if (inet_pton(AF_INET, whole.c_str(), address.bytes_.data()) == 1) return address;
  address.family_ = Family::ipv6;
  if (inet_pton(AF_INET6, whole.c_str(), address.bytes_.data()) == 1) return address;
  return fail(Errc::invalid_argument, "'" + whole + "' is not an IP address");
}

IpAddress IpAddress::of(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

IpAddress IpAddress::of(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address;
  address.family_ = Family::ipv6;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes_, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const {
  return is_ipv4() ? bytes_[0] >= 224 && bytes_[0] < 240 : bytes_[0] == 0xff;
}

bool IpAddress::is_loopback() const {
  if (is_ipv4()) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
  if (is_ipv4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  if (slash == std::string_view::npos) return IpPrefix{*address, address->bits()};
  const auto digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool is_number = ec == std::errc{} && end == digits.data() + digits.size();
  if (!is_number || length < 0 || length > address->bits()) {
    return fail(Errc::invalid_argument, "'" + std::string{text} + "' has no network length of 0 to " +
                                            std::to_string(address->bits()));
  }
  return IpPrefix{*address, length};
}

bool IpPrefix::contains(const IpAddress& other) const {
  if (other.family() != address.family()) return false;
  const auto ours = address.bytes();
  const auto theirs = other.bytes();
  for (int bit = 0; bit < length; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    if ((ours[at] & mask) != (theirs[at] & mask)) return false;
  }
  return true;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_ipv4() ? AF_INET : AF_INET6, address.bytes().data(), text.data(), text.size());
  return text.data();
}

std::string to_string(const IpPrefix& prefix) {
  return to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

}  // namespace holdfast
