#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include "config/load.hpp"

extern char** environ;

namespace holdfast::config {
namespace {

std::optional<IpAddress> read_address(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, bytes.size());
    return IpAddress::of(bytes);
  }
  if (address->sa_family != AF_INET6) return {};
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, bytes.size());
  return IpAddress::of(bytes);
}

int length_of(const IpAddress& mask) {
  int length = 0;
  for (const std::uint8_t byte : mask.bytes()) length += std::popcount(byte);
  return length;
}

void add_address(const ifaddrs& each, HostIdentity& host) {
  const auto address = read_address(each.ifa_addr);
  if (!address) return;
  host.addresses.push_back(to_string(*address));
  const auto mask = read_address(each.ifa_netmask);
  host.interfaces.push_back({each.ifa_name, {*address, mask ? length_of(*mask) : address->bits()}});
}

}  // namespace

HostIdentity read_host_identity() {
  HostIdentity host;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) host.hostname = name.data();
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return host;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{list, &freeifaddrs};
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) add_address(*each, host);
  return host;
}

StringMap read_environment() {
  StringMap result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      result.set(std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)});
  }
  return result;
}

LoadRequest request_for(std::string path, std::string node) {
  return {.path = std::move(path),
          .node = std::move(node),
          .environment = read_environment(),
          .host = read_host_identity()};
}

}  // namespace holdfast::config
