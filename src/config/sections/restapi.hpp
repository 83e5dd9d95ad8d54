#pragma once

#include "base/secret.hpp"
#include "config/values.hpp"

namespace holdfast::config {

enum class VerifyClient { none, optional, required };
enum class ServerTokens { original, minimal, product_only };

// HTTP Basic authentication; off while `username` is empty.
struct BasicAuthentication {
  std::string username;
  Secret password;

  bool operator==(const BasicAuthentication&) const = default;
};

// `restapi`: the agent's HTTP server. TLS is on when `certfile` is set.
struct RestApiConfig {
  HostPort listen{"0.0.0.0", 8008};
  HostPort connect_address;  // what peers and proxies use; derived from `listen` when that names one address
  BasicAuthentication authentication;
  std::string certfile;
  std::string keyfile;
  Secret keyfile_password;
  std::string cafile;
  std::string ciphers;
  VerifyClient verify_client = VerifyClient::none;
  StringList allowlist;  // addresses, networks (CIDR) and host names that may use unsafe verbs; empty: all
  bool allowlist_include_members = false;
  StringMap http_extra_headers;
  StringMap https_extra_headers;
  int request_queue_size = 5;
  ServerTokens server_tokens = ServerTokens::original;

  bool operator==(const RestApiConfig&) const = default;
};

}  // namespace holdfast::config
