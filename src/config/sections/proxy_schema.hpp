#pragma once

#include "config/sections/proxy.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

template <>
struct Words<Balance> {
  static constexpr std::array table{std::pair{"leastconn", Balance::leastconn},
                                    std::pair{"roundrobin", Balance::roundrobin},
                                    std::pair{"random", Balance::random}};
};
template <>
struct Words<Fallback> {
  static constexpr std::array table{std::pair{"primary", Fallback::primary},
                                    std::pair{"none", Fallback::none}};
};
template <>
struct Words<Discovery> {
  static constexpr std::array table{std::pair{"dcs", Discovery::dcs}, std::pair{"poll", Discovery::poll}};
};
template <>
struct Words<TargetKind> {
  static constexpr std::array table{std::pair{"primary", TargetKind::primary},
                                    std::pair{"replica", TargetKind::replica},
                                    std::pair{"any", TargetKind::any}, std::pair{"sync", TargetKind::sync}};
};

template <>
struct Codec<Target> {
  static TypeInfo type() { return {"primary, replica, any, sync or the name of a member", "string"}; }
  static void read(const Node& node, Target& out, const Spot& spot);
  static Node print(const Target& value);
};
template <>
struct Codec<ListenerMode> {
  static TypeInfo type() { return {"word", "string", {"tcp"}}; }
  static void read(const Node& node, ListenerMode& out, const Spot& spot);
  static Node print(ListenerMode value);
};
template <>
struct Codec<MaxLag> {
  static TypeInfo type() { return {"size or time", ""}; }
  static void read(const Node& node, MaxLag& out, const Spot& spot);
  static Node print(const MaxLag& value);
};

template <>
struct Schema<ListenerConfig> {
  using C = ListenerConfig;
  static constexpr std::tuple entries{
      Field{.key = "name", .member = &C::name, .help = "Name in statistics.", .derived = "target_port"},
      Field{.key = "bind",
            .member = &C::bind,
            .help = "Address that clients connect to; * is every address, IPv6 and IPv4."},
      Field{.key = "target", .member = &C::target, .help = "Which servers it leads to."},
      Field{.key = "mode", .member = &C::mode, .help = "How a connection is relayed."},
      Field{.key = "balance", .member = &C::balance, .help = "How a server is chosen among several."},
      Field{.key = "fallback", .member = &C::fallback, .help = "Where reads go when no replica can serve."},
      Field{.key = "max_lag",
            .member = &C::max_lag,
            .help = "A replica further behind gets no new connections."},
      Field{.key = "hold_timeout",
            .member = &C::hold_timeout,
            .help = "How long a client waits for a server.",
            .min = 0s,
            .max = 1h,
            .derived = "`proxy.hold_timeout`"},
      Field{.key = "maxconn",
            .member = &C::maxconn,
            .help = "Client connections of this listener; 0: no bound of its own.",
            .min = 0}};
};

template <>
struct Schema<PolledServer> {
  static constexpr std::tuple entries{Field{.key = "name",
                                            .member = &PolledServer::name,
                                            .help = "Name in statistics.",
                                            .apply = Apply::restart},
                                      Field{.key = "host",
                                            .member = &PolledServer::host,
                                            .help = "Address of the server.",
                                            .apply = Apply::restart},
                                      Field{.key = "port",
                                            .member = &PolledServer::port,
                                            .help = "Port of PostgreSQL.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart},
                                      Field{.key = "check_port",
                                            .member = &PolledServer::check_port,
                                            .help = "Port of the REST API.",
                                            .min = 1,
                                            .max = 65535,
                                            .apply = Apply::restart}};
};

template <>
struct Schema<KeepaliveConfig> {
  static constexpr std::tuple entries{Field{.key = "enabled",
                                            .member = &KeepaliveConfig::enabled,
                                            .help = "Send TCP keepalives to clients and servers."},
                                      Field{.key = "idle",
                                            .member = &KeepaliveConfig::idle,
                                            .help = "Silence before the first one.",
                                            .min = 1s,
                                            .max = 2h},
                                      Field{.key = "interval",
                                            .member = &KeepaliveConfig::interval,
                                            .help = "Between two of them.",
                                            .min = 1s,
                                            .max = 1h},
                                      Field{.key = "count",
                                            .member = &KeepaliveConfig::count,
                                            .help = "Unanswered ones after which it is cut.",
                                            .min = 1,
                                            .max = 127}};
};

template <>
struct Schema<ProxyStatsConfig> {
  static constexpr std::tuple entries{Field{.key = "listen",
                                            .member = &ProxyStatsConfig::listen,
                                            .help = "Address of /metrics, /;csv and the status page.",
                                            .apply = Apply::restart,
                                            .derived = "off; port 7000 with `nodes`"}};
};

template <>
struct Schema<ProxyConfig> {
  using C = ProxyConfig;
  static constexpr std::tuple entries{
      Field{.key = "listeners",
            .member = &C::listeners,
            .help = "Addresses for clients.",
            .derived = "with `nodes`: 5000 for writes, 5001 for reads"},
      Field{.key = "maxconn",
            .member = &C::maxconn,
            .help = "Client connections in total.",
            .min = 1,
            .max = 1000000},
      Field{.key = "server_maxconn",
            .member = &C::server_maxconn,
            .help = "Connections to one server; more wait in a queue. 0: no bound.",
            .min = 0,
            .max = 1000000},
      Field{.key = "hold_timeout",
            .member = &C::hold_timeout,
            .help = "How long a client waits while no server can serve.",
            .min = 0s,
            .max = 1h},
      Field{.key = "threads",
            .member = &C::threads,
            .help = "Worker threads; 0: one a core.",
            .min = 0,
            .max = 1024,
            .apply = Apply::restart},
      Field{.key = "connect_timeout",
            .member = &C::connect_timeout,
            .help = "Longest wait for a server's TCP handshake.",
            .min = 10ms,
            .max = 10min},
      Field{.key = "tcp_keepalive", .member = &C::tcp_keepalive, .help = "TCP keepalives on both sides."},
      Field{.key = "tcp_user_timeout",
            .member = &C::tcp_user_timeout,
            .help = "Unacknowledged data after which a connection is cut; 0: the kernel's.",
            .min = 0s,
            .max = 1h},
      Field{.key = "discovery",
            .member = &C::discovery,
            .help = "How roles are known: pushed through the DCS, or asked for at GET /primary and /replica.",
            .apply = Apply::restart},
      Field{.key = "servers",
            .member = &C::servers,
            .help = "Servers, for discovery: poll.",
            .apply = Apply::restart},
      Field{.key = "inter",
            .member = &C::inter,
            .help = "Between two polls of a server.",
            .min = 10ms,
            .max = 1h,
            .apply = Apply::restart},
      Field{.key = "fall",
            .member = &C::fall,
            .help = "Failed polls after which a server is down.",
            .min = 1,
            .max = 100,
            .apply = Apply::restart},
      Field{.key = "rise",
            .member = &C::rise,
            .help = "Good polls after which it is up.",
            .min = 1,
            .max = 100,
            .apply = Apply::restart},
      Field{.key = "stats", .member = &C::stats, .help = "Statistics over HTTP."}};
};

}  // namespace holdfast::config
