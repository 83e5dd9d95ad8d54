#pragma once

#include "config/sections/etcd.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

template <>
struct Words<Protocol> {
  static constexpr std::array table{std::pair{"http", Protocol::http}, std::pair{"https", Protocol::https}};
};

// A list, or "host1:2379,host2:2379"; the port may be missing: etcd's 2379.
template <>
struct Codec<std::vector<HostPort>> {
  static TypeInfo type() { return {"list of host:port", ""}; }
  static void read(const Node& node, std::vector<HostPort>& out, const Spot& spot);
  static Node print(const std::vector<HostPort>& value);
};

template <>
struct Schema<EtcdConfig> {
  static constexpr std::tuple entries{
      Field{.key = "hosts", .member = &EtcdConfig::hosts, .help = "Endpoints of etcd."},
      Note{"host", "host:port", "One endpoint."},
      Note{"url", "URL", "One endpoint with its protocol, as http://10.0.1.11:2379."},
      Note{"proxy", "URL", "An etcd proxy: as `url`, and members are not learned from it."},
      Field{.key = "srv",
            .member = &EtcdConfig::srv,
            .help = "Domain whose DNS SRV records list the endpoints."},
      Field{
          .key = "srv_suffix", .member = &EtcdConfig::srv_suffix, .help = "Suffix of the SRV service name."},
      Field{.key = "use_proxies",
            .member = &EtcdConfig::use_proxies,
            .help = "Keep to `hosts`; don't learn members."},
      Field{
          .key = "protocol", .member = &EtcdConfig::protocol, .help = "Whether etcd is spoken to over TLS."},
      Field{.key = "username",
            .member = &EtcdConfig::username,
            .help = "User name, when etcd has authentication on."},
      Field{.key = "password", .member = &EtcdConfig::password, .help = "Its password."},
      Field{.key = "cacert",
            .member = &EtcdConfig::cacert,
            .help = "Authorities that etcd's certificate is checked against."},
      Field{.key = "cert", .member = &EtcdConfig::cert, .help = "Client certificate (PEM)."},
      Field{.key = "key", .member = &EtcdConfig::key, .help = "Its private key (PEM)."},
      Unused{"version_prefix", "Patroni: prefix of the gateway's path; it is found by asking etcd."}};

  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              EtcdConfig& out, const Spot& spot);
  static void finish(const Node& node, EtcdConfig& out, const Spot& spot);
};

template <>
struct Schema<EtcdServerConfig> {
  static constexpr std::tuple entries{
      Field{.key = "name",
            .member = &EtcdServerConfig::name,
            .help = "Name of the etcd member.",
            .apply = Apply::restart,
            .derived = "`name`"},
      Field{.key = "data_dir",
            .member = &EtcdServerConfig::data_dir,
            .help = "Its data directory.",
            .apply = Apply::restart,
            .derived = "`data_root`/scope/name/etcd"},
      Field{.key = "listen_client_urls",
            .member = &EtcdServerConfig::listen_client_urls,
            .help = "URLs it listens on for clients.",
            .apply = Apply::restart,
            .splits_commas = true},
      Field{.key = "advertise_client_urls",
            .member = &EtcdServerConfig::advertise_client_urls,
            .help = "URLs at which clients reach it.",
            .apply = Apply::restart,
            .splits_commas = true},
      Field{.key = "listen_peer_urls",
            .member = &EtcdServerConfig::listen_peer_urls,
            .help = "URLs it listens on for other members.",
            .apply = Apply::restart,
            .splits_commas = true},
      Field{.key = "initial_advertise_peer_urls",
            .member = &EtcdServerConfig::initial_advertise_peer_urls,
            .help = "URLs at which other members reach it.",
            .apply = Apply::restart,
            .splits_commas = true,
            .derived = "`listen_peer_urls`"},
      Field{.key = "initial_cluster",
            .member = &EtcdServerConfig::initial_cluster,
            .help = "Members of a new etcd cluster: name and peer URL.",
            .apply = Apply::restart},
      Field{.key = "initial_cluster_token",
            .member = &EtcdServerConfig::initial_cluster_token,
            .help = "Keeps clusters apart that were made from one configuration.",
            .apply = Apply::restart,
            .derived = "holdfast-scope"},
      Field{.key = "heartbeat_interval",
            .member = &EtcdServerConfig::heartbeat_interval,
            .help = "Between two heartbeats of etcd's leader (a bare number is in ms).",
            .min = 10ms,
            .max = 10s,
            .apply = Apply::restart,
            .bare_unit = 1ms},
      Field{.key = "election_timeout",
            .member = &EtcdServerConfig::election_timeout,
            .help = "Silence after which etcd elects a new leader (a bare number is in ms).",
            .min = 50ms,
            .max = 50s,
            .apply = Apply::restart,
            .bare_unit = 1ms},
      Field{.key = "auto_compaction_retention",
            .member = &EtcdServerConfig::auto_compaction_retention,
            .help = "How much history etcd keeps: a time, as etcd writes it.",
            .apply = Apply::restart},
      Field{.key = "quota_backend_bytes",
            .member = &EtcdServerConfig::quota_backend_bytes,
            .help = "Size at which etcd stops taking writes.",
            .min = ByteSize{16 << 20},
            .apply = Apply::restart},
      Field{.key = "snapshot_count",
            .member = &EtcdServerConfig::snapshot_count,
            .help = "Transactions between two snapshots.",
            .min = 100,
            .apply = Apply::restart},
      Field{.key = "bin_dir",
            .member = &EtcdServerConfig::bin_dir,
            .help = "Where the programs etcd and etcdctl are.",
            .apply = Apply::restart},
      Field{.key = "cert",
            .member = &EtcdServerConfig::cert,
            .help = "Certificate (PEM) for clients; turns TLS on.",
            .apply = Apply::restart},
      Field{.key = "key",
            .member = &EtcdServerConfig::key,
            .help = "Its private key (PEM).",
            .apply = Apply::restart},
      Field{.key = "cacert",
            .member = &EtcdServerConfig::cacert,
            .help = "Authorities that clients' certificates are checked against.",
            .apply = Apply::restart},
      Field{.key = "client_cert_auth",
            .member = &EtcdServerConfig::client_cert_auth,
            .help = "Let in clients with such a certificate alone.",
            .apply = Apply::restart},
      Field{.key = "peer_cert",
            .member = &EtcdServerConfig::peer_cert,
            .help = "Certificate (PEM) among members; turns TLS on.",
            .apply = Apply::restart},
      Field{.key = "peer_key",
            .member = &EtcdServerConfig::peer_key,
            .help = "Its private key (PEM).",
            .apply = Apply::restart},
      Field{.key = "peer_cacert",
            .member = &EtcdServerConfig::peer_cacert,
            .help = "Authorities that members' certificates are checked against; each must show one then.",
            .apply = Apply::restart}};
};

}  // namespace holdfast::config
