#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/ip_address.hpp"

// The one message of VRRP: version 2 (RFC 3768; with the PASS authentication of RFC 2338, as keepalived still
// has it) and version 3 (RFC 5798, 9568). Bytes of the IP payload in, bytes out; no socket.
namespace holdfast::vrrp {

enum class Version : std::uint8_t { v2 = 2, v3 = 3 };

inline constexpr std::uint8_t ip_protocol = 112;
inline constexpr int hop_limit = 255;  // anything less came through a router, and is dropped
inline constexpr int priority_owner = 255;
inline constexpr int priority_stopping = 0;  // "I give it up": the others take over after their skew alone
IpAddress multicast_group(IpAddress::Family family);  // 224.0.0.18, ff02::12

// PASS sends it in the clear: it keeps strangers of the same VRID apart, and attackers not at all.
using Password = std::array<char, 8>;                        // padded with zeros
std::optional<Password> password_of(std::string_view text);  // nullopt: longer than 8

struct Advert {
  Version version = Version::v3;
  std::uint8_t virtual_router_id = 0;
  std::uint8_t priority = 0;
  milliseconds interval =
      1s;  // v2: whole seconds, to 255; v3: steps of 10 ms, to 40950; rounded up when sent
  std::optional<Password> password;  // v2 alone
  std::vector<IpAddress> addresses;  // of one family; IPv6: the link-local one first

  bool operator==(const Advert&) const = default;
};

// What the IP header says, and the checksum of v3 and of every IPv6 advert covers.
struct Envelope {
  IpAddress source;
  IpAddress destination;
  int hops_left = hop_limit;  // TTL or hop limit, as received

  bool operator==(const Envelope&) const = default;
};

// keepalived's `v3_checksum_as_v2`: VRRPv3 over IPv4 without the pseudo-header, as some routers do it.
enum class ChecksumRule { standard, as_v2 };

std::vector<std::uint8_t> encode(const Advert& advert, const Envelope& envelope,
                                 ChecksumRule rule = ChecksumRule::standard);

// Why an advert was thrown away. Each is a counter of keepalived's statistics.
enum class AdvertFault {
  ttl,        // ip_ttl_err: not 255
  length,     // packet_len_err: shorter than it says, or longer
  checksum,   // chk_err
  version,    // vers_err
  type,       // invalid_type_rcvd: not 1
  auth_type,  // authtype_mismatch: other than ours; invalid_authtype when nobody knows it
  invalid_auth_type,
  auth_data,     // auth_failure: the password is another one
  address_list,  // addr_list_err
  interval,      // advert_interval_err (v2 alone: v3 takes the master's)
  source,        // not a unicast peer of ours
  own,           // our own address as the source: a loop, or a stranger with our address
};
std::string_view to_string(AdvertFault fault) noexcept;  // in words, for the log

// A fault with the values that disagree: "password differs", "advertises 10.0.1.10, configured is 10.0.1.11".
struct Rejection {
  AdvertFault fault = AdvertFault::length;
  std::string detail;

  bool operator==(const Rejection&) const = default;
};

struct Decoded {
  Advert advert;
  ChecksumRule rule = ChecksumRule::standard;  // the one that its checksum fits; v3 over IPv4 may use either

  bool operator==(const Decoded&) const = default;
};

// Checks what the bytes alone can tell: hops, length, version, type, checksum, known authentication. The VRID
// is the caller's to look up: peek_router_id() says it even of a broken advert.
tl::expected<Decoded, Rejection> decode(std::span<const std::uint8_t> payload, const Envelope& envelope);
std::optional<std::uint8_t> peek_router_id(std::span<const std::uint8_t> payload);

// What a virtual router expects of adverts to it.
struct Expectation {
  Version version = Version::v3;
  std::optional<Password> password;
  milliseconds interval = 1s;
  std::vector<IpAddress> addresses;  // in any order
  bool checks_addresses = true;      // false: keepalived's skip_check_adv_addr
  std::vector<IpAddress> peers;      // empty: anybody
  std::vector<IpAddress> own;        // our own addresses: adverts from them are not heard
};
std::optional<Rejection> mismatch(const Advert& advert, const Envelope& envelope,
                                  const Expectation& expected);

}  // namespace holdfast::vrrp
