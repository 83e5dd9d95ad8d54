#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "vrrp/advert.hpp"

namespace holdfast::vrrp {
namespace {

bool holds(const std::vector<IpAddress>& addresses, const IpAddress& wanted) {
  return std::ranges::find(addresses, wanted) != addresses.end();
}

std::string list(const std::vector<IpAddress>& addresses) {
  if (addresses.empty()) return "none";
  std::vector<std::string> words;
  for (const auto& address : addresses) words.push_back(to_string(address));
  return fmt::format("{}", fmt::join(words, ", "));
}

// As sets: the order is the sender's, and a doubled entry changes nothing.
bool are_the_same(std::vector<IpAddress> a, std::vector<IpAddress> b) {
  for (auto* addresses : {&a, &b}) {
    std::ranges::sort(*addresses);
    addresses->erase(std::unique(addresses->begin(), addresses->end()), addresses->end());
  }
  return a == b;
}

std::string_view name_of(const std::optional<Password>& password) {
  return password ? "PASS" : "none";
}

}  // namespace

std::string_view to_string(AdvertFault fault) noexcept {
  switch (fault) {
    case AdvertFault::ttl:
      return "wrong TTL";
    case AdvertFault::length:
      return "wrong length";
    case AdvertFault::checksum:
      return "wrong checksum";
    case AdvertFault::version:
      return "wrong version";
    case AdvertFault::type:
      return "wrong type";
    case AdvertFault::auth_type:
      return "another authentication type";
    case AdvertFault::invalid_auth_type:
      return "unknown authentication type";
    case AdvertFault::auth_data:
      return "wrong password";
    case AdvertFault::address_list:
      return "other addresses";
    case AdvertFault::interval:
      return "another advertisement interval";
    case AdvertFault::source:
      return "not a peer";
    case AdvertFault::own:
      return "our own address as its source";
  }
  return "unknown";
}

std::optional<Rejection> mismatch(const Advert& advert, const Envelope& envelope,
                                  const Expectation& expected) {
  const auto source = to_string(envelope.source);
  if (holds(expected.own, envelope.source))
    return Rejection{AdvertFault::own, fmt::format("{} is an address of this host", source)};
  if (!expected.peers.empty() && !holds(expected.peers, envelope.source))
    return Rejection{AdvertFault::source, fmt::format("{} is none of {}", source, list(expected.peers))};
  if (advert.version != expected.version) {
    return Rejection{AdvertFault::version,
                     fmt::format("speaks version {}, configured is {}", static_cast<int>(advert.version),
                                 static_cast<int>(expected.version))};
  }
  if (advert.version == Version::v2) {
    if (advert.password.has_value() != expected.password.has_value()) {
      return Rejection{AdvertFault::auth_type,
                       fmt::format("authenticates by {}, configured is {}", name_of(advert.password),
                                   name_of(expected.password))};
    }
    if (advert.password != expected.password) return Rejection{AdvertFault::auth_data, "password differs"};
    // Version 2 has room for whole seconds only: ours goes out rounded up.
    const auto interval = std::clamp<milliseconds>(std::chrono::ceil<seconds>(expected.interval), 1s, 255s);
    if (advert.interval != interval) {
      return Rejection{AdvertFault::interval, fmt::format("advertises every {} s, configured is {} s",
                                                          advert.interval / 1s, interval / 1s)};
    }
  }
  if (expected.checks_addresses && !are_the_same(advert.addresses, expected.addresses)) {
    return Rejection{
        AdvertFault::address_list,
        fmt::format("advertises {}, configured is {}", list(advert.addresses), list(expected.addresses))};
  }
  return std::nullopt;
}

}  // namespace holdfast::vrrp
