#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "config/load.hpp"

extern char** environ;

namespace holdfast::config {
namespace {

std::string print_address(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (bytes == nullptr || inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

}  // namespace

HostIdentity read_host_identity() {
  HostIdentity host;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) host.hostname = name.data();
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return host;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{list, &freeifaddrs};
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    const std::string text = each->ifa_addr == nullptr ? "" : print_address(each->ifa_addr);
    if (!text.empty()) host.addresses.push_back(text);
  }
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
