#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "drill/connection.hpp"
#include "http/client.hpp"

namespace holdfast::drill {

struct MemberPlace {
  std::string name;
  http::Url rest;
  Address postgres;
  std::string data_dir;  // of PostgreSQL, where it is known; for finding its processes on this machine

  bool operator==(const MemberPlace&) const = default;
};

struct ProxyPlace {
  std::string name;
  Address write;
  Address read;
  http::Url stats;

  bool operator==(const ProxyPlace&) const = default;
};

// A host with role vip.
struct VipPlace {
  std::string name;
  http::Url stats;

  bool operator==(const VipPlace&) const = default;
};

// Who is where: everything that probe and observer connect to.
struct Places {
  std::string scope;
  std::string space;  // `namespace`
  std::vector<MemberPlace> members;
  std::vector<ProxyPlace> proxies;
  std::vector<VipPlace> vips;
  std::vector<std::string> floating;  // addresses that move between the proxies' hosts
  std::vector<http::Url> etcd;
  http::ClientOptions http;  // TLS and Basic authentication of the members' REST API
  Login login;               // the superuser

  // Where clients connect: the floating addresses, else every proxy.
  std::vector<Address> writes() const;
  std::vector<Address> reads() const;
  const MemberPlace* member(const std::string& name) const;
};

// From the short form's `nodes`. Without them only what the configuration says of its own host and of etcd is
// known: members and proxies are then to be given otherwise (members are read from the DCS).
Places places_of(const config::Config& config);

}  // namespace holdfast::drill
