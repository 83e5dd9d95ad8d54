#pragma once

#include <optional>

#include "base/instant.hpp"
#include "config/values.hpp"

namespace holdfast::config {

enum class TargetKind { primary, replica, any, sync, member };
enum class ListenerMode { tcp };
enum class Balance { leastconn, roundrobin, random };
enum class Fallback { primary, none };
enum class Discovery { dcs, poll };

// `target`: a role, or the name of one member.
struct Target {
  TargetKind kind = TargetKind::primary;
  std::string member;  // kind == member

  bool operator==(const Target&) const = default;
};

// `max_lag`: a byte amount ("16MB") or a time ("10s"); neither set: no bound.
struct MaxLag {
  std::optional<ByteSize> bytes;
  std::optional<milliseconds> time;

  explicit operator bool() const { return bytes || time; }
  bool operator==(const MaxLag&) const = default;
};

struct ListenerConfig {
  std::string name;  // default: <target>_<port>
  HostPort bind;
  Target target;
  ListenerMode mode = ListenerMode::tcp;
  Balance balance = Balance::leastconn;
  Fallback fallback = Fallback::primary;  // of reads, when no replica can serve
  MaxLag max_lag;
  std::optional<milliseconds> hold_timeout;  // else the proxy's
  int maxconn = 0;                           // 0: only the total bounds it

  bool operator==(const ListenerConfig&) const = default;
};

// `proxy.servers`: who is polled where, for discovery: poll.
struct PolledServer {
  std::string name;
  std::string host;
  int port = 5432;
  int check_port = 8008;

  bool operator==(const PolledServer&) const = default;
};

struct KeepaliveConfig {
  bool enabled = true;
  milliseconds idle = 30s;
  milliseconds interval = 5s;
  int count = 3;

  bool operator==(const KeepaliveConfig&) const = default;
};

struct ProxyStatsConfig {
  HostPort listen;  // /metrics, /;csv and the status page; not set: off

  bool operator==(const ProxyStatsConfig&) const = default;
};

// `proxy`: the address that clients connect to.
struct ProxyConfig {
  std::vector<ListenerConfig> listeners;
  int maxconn = 10000;     // client connections in total
  int server_maxconn = 0;  // connections to one server; more wait in a queue. 0: no bound
  milliseconds hold_timeout = 10s;
  int threads = 0;  // 0: one a core
  milliseconds connect_timeout = 5s;
  KeepaliveConfig tcp_keepalive;
  milliseconds tcp_user_timeout = 10s;  // 0: the kernel's
  Discovery discovery = Discovery::dcs;
  std::vector<PolledServer> servers;
  milliseconds inter = 1s;  // between two polls of a server
  int fall = 3;
  int rise = 2;
  ProxyStatsConfig stats;

  bool operator==(const ProxyConfig&) const = default;
};

}  // namespace holdfast::config
