#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

// The value types that configuration sections are made of, beside bool, int, std::string, milliseconds and
// Secret.
namespace holdfast::config {

using StringList = std::vector<std::string>;

// String keys to string values in the order of the file (`parameters`, `initdb`, headers). Keys are unique.
class StringMap {
 public:
  using Entry = std::pair<std::string, std::string>;

  StringMap() = default;
  StringMap(std::initializer_list<Entry> entries);

  const std::string* find(std::string_view key) const;  // nullptr: not there; valid until the next change
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  void set(std::string key, std::string value);  // replaces in place, or appends
  void erase(std::string_view key);

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool operator==(const StringMap&) const = default;

 private:
  std::vector<Entry> entries_;
};

// An amount of bytes: "1048576", "16MB" (1 kB = 1024 bytes, as in postgresql.conf). Negative where a key says
// what it means.
struct ByteSize {
  std::int64_t value = 0;

  auto operator<=>(const ByteSize&) const = default;
};

// "10.0.1.11:5432", "*:5000", "[::1]:8008". `host` holds no brackets; it may be "*" or a comma list where the
// key says so (postgresql.listen). A default-constructed one means "not set".
struct HostPort {
  std::string host;
  int port = 0;

  explicit operator bool() const { return port != 0; }
  bool operator==(const HostPort&) const = default;
};

Result<HostPort> parse_host_port(std::string_view text);
std::string print_host_port(const HostPort& address);
// "*", "0.0.0.0", "::" or empty: an address to listen on that nobody can connect to.
bool is_wildcard(const HostPort& address);

}  // namespace holdfast::config
