#pragma once

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "config/values.hpp"

namespace holdfast::config {

enum class Protocol { http, https };

// `etcd3` (or `etcd`, which means the same here): the consensus store as a client. After loading, `hosts`
// holds every endpoint, whichever of host, hosts, url or proxy named them; `srv` is resolved by the client.
struct EtcdConfig {
  std::vector<HostPort> hosts;
  std::string srv;           // DNS domain with _etcd-client(-ssl)._tcp records
  std::string srv_suffix;    // _etcd-client-<suffix>._tcp
  bool use_proxies = false;  // keep to `hosts`: don't learn members from the cluster
  Protocol protocol = Protocol::http;
  std::string username;
  Secret password;
  std::string cacert;
  std::string cert;
  std::string key;

  bool operator==(const EtcdConfig&) const = default;
};

// `etcd_server`: the member that role `etcd` starts and supervises. Units and defaults as etcd's flags,
// except the shorter heartbeat and election (design: failure detection on a local network).
struct EtcdServerConfig {
  std::string name;      // default: the configuration's `name`
  std::string data_dir;  // default: <data_root>/<scope>/<name>/etcd
  StringList listen_client_urls;
  StringList advertise_client_urls;
  StringList listen_peer_urls;
  StringList initial_advertise_peer_urls;
  StringMap initial_cluster;          // name -> peer URL
  std::string initial_cluster_token;  // default: holdfast-<scope>
  milliseconds heartbeat_interval = 50ms;
  milliseconds election_timeout = 500ms;
  std::string auto_compaction_retention = "1h";
  ByteSize quota_backend_bytes{2147483648};
  int snapshot_count = 10000;
  std::string bin_dir = "/usr/bin";
  std::string cert;  // for clients; URLs of clients are https with it and http without
  std::string key;
  std::string cacert;             // authorities of clients' certificates
  bool client_cert_auth = false;  // let in clients with such a certificate alone
  std::string peer_cert;          // among members, as above; with peer_cacert each must show its own
  std::string peer_key;
  std::string peer_cacert;

  bool operator==(const EtcdServerConfig&) const = default;
};

}  // namespace holdfast::config
