#include "vrrp/advert.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "vrrp/checksum.hpp"

namespace holdfast::vrrp {
namespace {

constexpr std::uint8_t type_advertisement = 1;
constexpr std::size_t header_size = 8;
constexpr std::size_t checksum_at = 6;
constexpr std::size_t auth_size = 8;  // version 2 has it always, also with authentication type 0
constexpr std::uint8_t auth_none = 0;
constexpr std::uint8_t auth_pass = 1;
constexpr std::size_t addresses_max = 255;

using Bytes = std::span<const std::uint8_t>;

std::uint8_t v2_seconds(milliseconds interval) {
  const auto whole = std::chrono::ceil<seconds>(interval).count();
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(whole, 1, 255));
}

std::uint16_t v3_centiseconds(milliseconds interval) {
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>((interval.count() + 9) / 10, 1, 4095));
}

std::uint16_t checksum_of(Bytes payload, Version version, const Envelope& envelope, ChecksumRule rule) {
  const bool is_bare = version == Version::v2 || (rule == ChecksumRule::as_v2 && envelope.source.is_ipv4());
  Checksum sum;
  if (!is_bare) sum.add_pseudo_header(envelope.source, envelope.destination, payload.size(), ip_protocol);
  sum.add(payload);
  return sum.value();
}

tl::unexpected<Rejection> reject(AdvertFault fault, std::string detail) {
  return tl::unexpected<Rejection>{Rejection{fault, std::move(detail)}};
}

std::size_t expected_size(Version version, bool is_ipv4, std::size_t addresses) {
  return header_size + addresses * (is_ipv4 ? 4U : 16U) + (version == Version::v2 ? auth_size : 0U);
}

std::vector<IpAddress> read_addresses(Bytes bytes, bool is_ipv4, std::size_t count) {
  std::vector<IpAddress> addresses;
  addresses.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (is_ipv4) addresses.push_back(IpAddress::of(bytes.subspan(i * 4).first<4>()));
    if (!is_ipv4) addresses.push_back(IpAddress::of(bytes.subspan(i * 16).first<16>()));
  }
  return addresses;
}

// Which of the two rules the checksum fits: a sum over everything, itself included, is zero then.
std::optional<ChecksumRule> fitting_rule(Bytes payload, Version version, const Envelope& envelope) {
  if (checksum_of(payload, version, envelope, ChecksumRule::standard) == 0) return ChecksumRule::standard;
  const bool may_be_bare = version == Version::v3 && envelope.source.is_ipv4();
  if (may_be_bare && checksum_of(payload, version, envelope, ChecksumRule::as_v2) == 0)
    return ChecksumRule::as_v2;
  return std::nullopt;
}

tl::expected<std::optional<Password>, Rejection> read_password(Bytes payload) {
  const auto type = payload[4];
  if (type == auth_none) return std::nullopt;
  if (type != auth_pass)
    return reject(AdvertFault::invalid_auth_type, fmt::format("authentication type {}", type));
  Password password;
  std::ranges::copy(payload.last(auth_size), password.begin());
  return password;
}

}  // namespace

IpAddress multicast_group(IpAddress::Family family) {
  constexpr std::array<std::uint8_t, 4> group4{224, 0, 0, 18};
  constexpr std::array<std::uint8_t, 16> group6{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12};
  return family == IpAddress::Family::ipv4 ? IpAddress::of(group4) : IpAddress::of(group6);
}

std::optional<Password> password_of(std::string_view text) {
  Password password{};
  if (text.size() > password.size()) return std::nullopt;
  std::ranges::copy(text, password.begin());
  return password;
}

std::vector<std::uint8_t> encode(const Advert& advert, const Envelope& envelope, ChecksumRule rule) {
  const bool is_v2 = advert.version == Version::v2;
  CHECK(advert.addresses.size() <= addresses_max);
  CHECK(envelope.source.family() == envelope.destination.family());
  CHECK(!is_v2 || envelope.source.is_ipv4());
  const std::uint16_t interval = is_v2 ? v2_seconds(advert.interval) : v3_centiseconds(advert.interval);
  const std::uint8_t auth_type = advert.password ? auth_pass : auth_none;
  std::vector<std::uint8_t> bytes{
      static_cast<std::uint8_t>(static_cast<unsigned>(advert.version) << 4U | type_advertisement),
      advert.virtual_router_id,
      advert.priority,
      static_cast<std::uint8_t>(advert.addresses.size()),
      is_v2 ? auth_type : static_cast<std::uint8_t>(interval >> 8U),
      static_cast<std::uint8_t>(interval & 0xffU),
      0,
      0};
  for (const auto& address : advert.addresses) {
    CHECK(address.family() == envelope.source.family());
    bytes.insert(bytes.end(), address.bytes().begin(), address.bytes().end());
  }
  if (is_v2) {
    const Password password = advert.password.value_or(Password{});
    bytes.insert(bytes.end(), password.begin(), password.end());
  }
  const auto checksum = checksum_of(bytes, advert.version, envelope, rule);
  bytes[checksum_at] = static_cast<std::uint8_t>(checksum >> 8U);
  bytes[checksum_at + 1] = static_cast<std::uint8_t>(checksum & 0xffU);
  return bytes;
}

tl::expected<Decoded, Rejection> decode(Bytes payload, const Envelope& envelope) {
  if (envelope.hops_left != hop_limit)
    return reject(AdvertFault::ttl, fmt::format("TTL {}, must be {}", envelope.hops_left, hop_limit));
  if (payload.size() < header_size)
    return reject(AdvertFault::length, fmt::format("{} bytes, a header has {}", payload.size(), header_size));
  const unsigned version_number = payload[0] >> 4U;
  const unsigned type = payload[0] & 0xfU;
  const bool is_ipv4 = envelope.source.is_ipv4();
  if (version_number != 3 && (version_number != 2 || !is_ipv4))
    return reject(AdvertFault::version,
                  fmt::format("version {} over IPv{}", version_number, is_ipv4 ? 4 : 6));
  if (type != type_advertisement) return reject(AdvertFault::type, fmt::format("type {}", type));
  const auto version = static_cast<Version>(version_number);
  const std::size_t count = payload[3];
  const auto size = expected_size(version, is_ipv4, count);
  if (payload.size() != size) {
    return reject(AdvertFault::length,
                  fmt::format("{} bytes, with {} addresses it has {}", payload.size(), count, size));
  }
  const auto rule = fitting_rule(payload, version, envelope);
  if (!rule) {
    return reject(AdvertFault::checksum,
                  fmt::format("checksum {:02x}{:02x} does not fit the bytes", payload[6], payload[7]));
  }
  Decoded decoded{.advert = {.version = version,
                             .virtual_router_id = payload[1],
                             .priority = payload[2],
                             .addresses = read_addresses(payload.subspan(header_size), is_ipv4, count)},
                  .rule = *rule};
  if (version == Version::v3) {
    decoded.advert.interval = milliseconds{10 * ((payload[4] & 0xf) << 8 | payload[5])};
    return decoded;
  }
  decoded.advert.interval = seconds{payload[5]};
  auto password = read_password(payload);
  if (!password) return tl::unexpected(password.error());
  decoded.advert.password = *password;
  return decoded;
}

std::optional<std::uint8_t> peek_router_id(Bytes payload) {
  if (payload.size() < 2) return std::nullopt;
  return payload[1];
}

}  // namespace holdfast::vrrp
