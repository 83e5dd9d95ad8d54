#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace holdfast::config {
namespace {

constexpr int port_max = 65535;

Result<int> parse_port(std::string_view digits, std::string_view whole) {
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port < 1 || port > port_max) {
    return fail(Errc::invalid_argument, fmt::format("'{}' has no port between 1 and {}", whole, port_max));
  }
  return port;
}

}  // namespace

StringMap::StringMap(std::initializer_list<Entry> entries) {
  for (const auto& [key, value] : entries) set(key, value);
}

const std::string* StringMap::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &Entry::first);
  return found == entries_.end() ? nullptr : &found->second;
}

void StringMap::set(std::string key, std::string value) {
  const auto found = std::ranges::find(entries_, key, &Entry::first);
  if (found != entries_.end()) {
    found->second = std::move(value);
  } else {
    entries_.emplace_back(std::move(key), std::move(value));
  }
}

void StringMap::erase(std::string_view key) {
  std::erase_if(entries_, [key](const Entry& entry) { return entry.first == key; });
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port)
    return fail(Errc::invalid_argument, fmt::format("'{}' has no port (as in {}:5432)", text, text));
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(',') == std::string_view::npos && host.find(':') != std::string_view::npos) {
    return fail(Errc::invalid_argument,
                fmt::format("'{}': an IPv6 address goes in brackets, as in [::1]:5432", text));
  }
  const auto port = parse_port(text.substr(colon + 1), text);
  if (!port) return tl::unexpected(port.error());
  return HostPort{std::string{host}, *port};
}

std::string print_host_port(const HostPort& address) {
  if (!address) return {};
  const bool is_ipv6 =
      address.host.find(':') != std::string::npos && address.host.find(',') == std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", address.host, address.port)
                 : fmt::format("{}:{}", address.host, address.port);
}

bool is_wildcard(const HostPort& address) {
  return address.host.empty() || address.host == "*" || address.host == "0.0.0.0" || address.host == "::";
}

}  // namespace holdfast::config
