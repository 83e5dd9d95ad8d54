#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast::http {

// An address to listen on or to connect to. Text form "10.0.1.11:8008", "[::1]:8008", "*:8008" (all
// addresses), "host:8008".
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
};
Result<Endpoint> parse_endpoint(std::string_view text);
std::string print_endpoint(const Endpoint& endpoint);

// "https://10.0.1.11:8008/patroni"; ports 80 and 443 are the defaults of their schemes. No user info, no
// fragment.
struct Url {
  bool tls = false;
  Endpoint endpoint;
  std::string target = "/";

  auto operator<=>(const Url&) const = default;
};
Result<Url> parse_url(std::string_view text);
std::string print_url(const Url& url);
Url with_target(Url base, std::string target);  // the same server, another path and query

}  // namespace holdfast::http
