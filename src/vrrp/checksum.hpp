#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/ip_address.hpp"

namespace holdfast::vrrp {

// The Internet checksum (RFC 1071): the complement of the one's complement sum of 16-bit words.
class Checksum {
 public:
  // Each call begins a new word; an odd last byte is filled with a zero.
  void add(std::span<const std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      sum_ += static_cast<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
  }
  // RFC 5798 5.2.8, RFC 8200 8.1: addresses, length and protocol. As a sum of words, the narrower fields of
  // IPv4 and the wider ones of IPv6 are the same.
  void add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::size_t length,
                         std::uint8_t protocol) {
    add(source.bytes());
    add(destination.bytes());
    sum_ += length + protocol;
  }
  std::uint16_t value() const {
    std::uint64_t folded = sum_;
    while (folded > 0xffff) folded = (folded & 0xffff) + (folded >> 16U);
    return static_cast<std::uint16_t>(~folded & 0xffff);
  }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace holdfast::vrrp
