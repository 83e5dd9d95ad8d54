#pragma once

#include "config/sections/bootstrap.hpp"
#include "config/sections/ctl.hpp"
#include "config/sections/dynamic.hpp"
#include "config/sections/etcd.hpp"
#include "config/sections/log.hpp"
#include "config/sections/postgresql.hpp"
#include "config/sections/proxy.hpp"
#include "config/sections/restapi.hpp"
#include "config/sections/tags.hpp"
#include "config/sections/vip.hpp"
#include "config/sections/watchdog.hpp"

namespace holdfast::config {

enum class Role { agent, proxy, vip, etcd };

// Ports of one node, for hosts where the usual ones are taken.
struct NodePorts {
  int postgresql = 5432;
  int restapi = 8008;
  int etcd_client = 2379;
  int etcd_peer = 2380;
  int write = 5000;  // of the proxy
  int read = 5001;
  int stats = 7000;
  int vip = 9165;  // keepalived-exporter's

  bool operator==(const NodePorts&) const = default;
};

// An entry of the short form's `nodes:`.
struct NodeConfig {
  std::string name;
  std::string host;
  std::vector<Role> roles{Role::agent, Role::etcd};
  NodePorts ports;
  TagsConfig tags;

  bool has(Role role) const;
  bool operator==(const NodeConfig&) const = default;
};

// `passwords` of the short form, or the file `passwords_file` with the same keys.
struct Passwords {
  Secret superuser;
  Secret replication;
  Secret rewind;

  bool operator==(const Passwords&) const = default;
};

// The effective configuration of one host: the full form, whatever it was written as.
struct Config {
  std::string scope;
  std::string namespace_ = "/service";  // one leading slash, none trailing
  std::string name;
  std::vector<Role> roles;           // what `holdfast run` starts; default: by the sections that are there
  std::string os_user = "postgres";  // runs PostgreSQL and etcd when we are started as root
  std::string data_root = "/var/lib/holdfast";
  Passwords passwords;  // the short form's; after loading they stand in postgresql.authentication
  std::string passwords_file;
  std::vector<NodeConfig> nodes;  // as in the short form; empty when the full form was written

  LogConfig log;
  RestApiConfig restapi;
  CtlConfig ctl;
  EtcdConfig etcd;
  EtcdServerConfig etcd_server;
  BootstrapConfig bootstrap;
  PostgresqlConfig postgresql;  // local only; with the DCS's part merged in: effective_postgresql()
  WatchdogConfig watchdog;
  TagsConfig tags;
  ProxyConfig proxy;
  VipConfig vip;

  Node tree;  // the expanded document that this was read from, with the origin of each value

  bool has(Role role) const;
};

}  // namespace holdfast::config
