#include "config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/duration.hpp"
#include "config/schema.hpp"

namespace holdfast::config {
namespace {

constexpr std::string_view reserved_name = "__patroni_strict_sync_replica_placeholder__";

void check_names(const Config& config, Complaints& complaints) {
  if (config.scope.empty()) complaints.error("scope", "is not set: it is the name of the cluster");
  for (const auto& [path, text] : {std::pair{"scope", config.scope}, {"name", config.name}}) {
    if (text.find('/') != std::string::npos)
      complaints.error(path, fmt::format("'{}' must not contain '/'", text));
  }
  if (config.name == reserved_name) complaints.error("name", fmt::format("'{}' is reserved", reserved_name));
  if (config.name.empty() && (config.has(Role::agent) || config.has(Role::etcd))) {
    complaints.error("name", "is not set: each member needs a name of its own");
  }
  for (const NodeConfig& node : config.nodes) {
    if (node.name == reserved_name) complaints.error("nodes", fmt::format("'{}' is reserved", reserved_name));
  }
}

void check_agent(const Config& config, Complaints& complaints) {
  if (!config.has(Role::agent)) return;
  if (!config.postgresql.listen) {
    complaints.error("postgresql.listen", "is not set: say where PostgreSQL listens, as in 10.0.1.11:5432");
  } else if (!config.postgresql.connect_address) {
    complaints.error("postgresql.connect_address",
                     "is not set, and postgresql.listen is not one address to connect to");
  }
  if (!config.restapi.connect_address) {
    complaints.error("restapi.connect_address",
                     "is not set, and restapi.listen is not one address to connect to");
  }
  if (config.postgresql.pg_ctl_timeout < 1s)
    complaints.error("postgresql.pg_ctl_timeout", "must be at least 1s");
}

void check_etcd_client(const Config& config, Complaints& complaints) {
  const bool is_needed =
      config.has(Role::agent) || (config.has(Role::proxy) && config.proxy.discovery == Discovery::dcs);
  if (is_needed && config.etcd.hosts.empty() && config.etcd.srv.empty()) {
    complaints.error("etcd3", "names no etcd: set etcd3.hosts (or host, url, srv)");
  }
  if (config.etcd.username.empty() != config.etcd.password.empty()) {
    complaints.error("etcd3", "'username' and 'password' go together");
  }
  if (config.etcd.key.empty() != config.etcd.cert.empty())
    complaints.error("etcd3", "'cert' and 'key' go together");
}

void check_schemes(const std::string& key, const StringList& urls, const std::string& cert_key, bool has_cert,
                   Complaints& complaints) {
  for (const std::string& url : urls) {
    if (url.starts_with("https://") == has_cert) continue;
    complaints.error("etcd_server." + key, fmt::format("'{}' does not fit: URLs are {} etcd_server.{}", url,
                                                       has_cert ? "https with" : "http without", cert_key));
  }
}

void check_etcd_tls(const Config& config, Complaints& complaints) {
  const EtcdServerConfig& server = config.etcd_server;
  const bool has_cert = !server.cert.empty();
  const bool has_peer_cert = !server.peer_cert.empty();
  if (has_cert == server.key.empty()) complaints.error("etcd_server", "'cert' and 'key' go together");
  if (has_peer_cert == server.peer_key.empty())
    complaints.error("etcd_server", "'peer_cert' and 'peer_key' go together");
  if (server.client_cert_auth && server.cacert.empty())
    complaints.error("etcd_server.client_cert_auth",
                     "needs etcd_server.cacert to check certificates against");
  if (!server.cacert.empty() && !has_cert) complaints.error("etcd_server.cacert", "needs etcd_server.cert");
  if (!server.peer_cacert.empty() && !has_peer_cert)
    complaints.error("etcd_server.peer_cacert", "needs etcd_server.peer_cert");
  check_schemes("listen_client_urls", server.listen_client_urls, "cert", has_cert, complaints);
  check_schemes("advertise_client_urls", server.advertise_client_urls, "cert", has_cert, complaints);
  check_schemes("listen_peer_urls", server.listen_peer_urls, "peer_cert", has_peer_cert, complaints);
  check_schemes("initial_advertise_peer_urls", server.initial_advertise_peer_urls, "peer_cert", has_peer_cert,
                complaints);
  if (has_cert && config.etcd.protocol != Protocol::https)
    complaints.error("etcd_server.cert", "needs clients that speak TLS: set etcd3.protocol to https");
}

void check_etcd_server(const Config& config, Complaints& complaints) {
  if (!config.has(Role::etcd)) return;
  const EtcdServerConfig& server = config.etcd_server;
  if (server.election_timeout < 5 * server.heartbeat_interval) {
    complaints.error(
        "etcd_server.election_timeout",
        fmt::format("'{}' must be at least five times heartbeat_interval ({})",
                    print_duration(server.election_timeout), print_duration(server.heartbeat_interval)));
  }
  const std::array lists{std::pair{"listen_client_urls", &server.listen_client_urls},
                         std::pair{"advertise_client_urls", &server.advertise_client_urls},
                         std::pair{"listen_peer_urls", &server.listen_peer_urls}};
  for (const auto& [key, list] : lists) {
    if (list->empty()) complaints.error(fmt::format("etcd_server.{}", key), "is not set");
  }
  check_etcd_tls(config, complaints);
  if (!server.initial_cluster.empty() && !server.initial_cluster.contains(server.name)) {
    complaints.error("etcd_server.initial_cluster",
                     fmt::format("does not list this member, '{}'", server.name));
  }
}

void check_tls(const Config& config, Complaints& complaints) {
  const RestApiConfig& api = config.restapi;
  if (!api.keyfile.empty() && api.certfile.empty())
    complaints.error("restapi.keyfile", "needs restapi.certfile");
  if (api.verify_client != VerifyClient::none && api.cafile.empty()) {
    complaints.error("restapi.verify_client", "needs restapi.cafile to check certificates against");
  }
  if (api.verify_client != VerifyClient::none && api.certfile.empty()) {
    complaints.error("restapi.verify_client", "needs TLS: set restapi.certfile");
  }
  const std::array users{std::pair{"restapi.authentication", &api.authentication},
                         std::pair{"ctl.authentication", &config.ctl.authentication}};
  for (const auto& [path, user] : users) {
    if (user->username.empty() != user->password.empty())
      complaints.error(path, "'username' and 'password' go together");
  }
}

void check_watchdog(const Config& config, Complaints& complaints) {
  const WatchdogConfig& watchdog = config.watchdog;
  if (watchdog.mode == WatchdogMode::off || !config.has(Role::agent)) return;
  const DynamicConfig& dcs = config.bootstrap.dcs;
  const milliseconds margin = watchdog.safety_margin < 0ms ? dcs.ttl / 2 : watchdog.safety_margin;
  if (dcs.ttl - margin >= dcs.loop_wait) return;
  const std::string text = fmt::format(
      "'{}' leaves the watchdog {} (ttl {}), less than loop_wait ({}): it would fire in good times",
      print_duration(margin), print_duration(dcs.ttl - margin), print_duration(dcs.ttl),
      print_duration(dcs.loop_wait));
  if (watchdog.mode == WatchdogMode::required) {
    complaints.error("watchdog.safety_margin", text);
  } else {
    complaints.warn("watchdog.safety_margin", text + "; it will not be used");
  }
}

void check_tags(const Config& config, Complaints& complaints) {
  const bool says_priority = config.tree.at_path("tags.failover_priority") != nullptr;
  if (config.tags.nofailover && says_priority && config.tags.failover_priority > 0) {
    complaints.warn("tags.failover_priority", "has no effect beside nofailover: true");
  }
  const bool says_sync = config.tree.at_path("tags.sync_priority") != nullptr;
  if (config.tags.nosync && says_sync && config.tags.sync_priority > 0) {
    complaints.warn("tags.sync_priority", "has no effect beside nosync: true");
  }
}

template <std::size_t N>
void check_options(const std::vector<CommandOption>& options, const std::array<const char*, N>& refused,
                   const std::string& path, Complaints& complaints) {
  for (const CommandOption& option : options) {
    if (std::ranges::find(refused, option.name) == refused.end()) continue;
    complaints.error(path, fmt::format("option '{}' is not allowed here: it is set by us", option.name));
  }
}

void check_bootstrap(const Config& config, Complaints& complaints) {
  const BootstrapConfig& bootstrap = config.bootstrap;
  if (bootstrap.method != "initdb" && bootstrap.custom.command.empty()) {
    complaints.error("bootstrap.method",
                     fmt::format("names '{0}', but bootstrap.{0}.command is not set", bootstrap.method));
  }
  for (const std::string& method : config.postgresql.create_replica_methods) {
    const bool is_ready = method == "basebackup" ||
                          std::ranges::any_of(config.postgresql.replica_methods, [&](const auto& each) {
                            return each.name == method && !each.command.empty();
                          });
    if (is_ready) continue;
    complaints.error("postgresql.create_replica_methods",
                     fmt::format("names '{0}', but postgresql.{0}.command is not set", method));
  }
  const DynamicConfig& dcs = bootstrap.dcs;
  if (dcs.synchronous_mode == SynchronousMode::off && dcs.synchronous_mode_strict) {
    complaints.warn("bootstrap.dcs.synchronous_mode_strict", "has no effect while synchronous_mode is off");
  }
  // Patroni's user-options filter: these would break what we pass ourselves.
  check_options(bootstrap.initdb, std::array{"pgdata", "nosync", "pwfile", "sync-only", "version"},
                "bootstrap.initdb", complaints);
  check_options(config.postgresql.basebackup,
                std::array{"pgdata", "format", "wal-method", "xlog-method", "gzip", "version", "compress",
                           "dbname", "host", "port", "username", "password"},
                "postgresql.basebackup", complaints);
  check_options(
      config.postgresql.rewind,
      std::array{"target-pgdata", "source-pgdata", "source-server", "write-recovery-conf", "dry-run",
                 "restore-target-wal", "config-file", "no-ensure-shutdown", "version", "help"},
      "postgresql.rewind", complaints);
}

}  // namespace

Origin Complaints::origin(std::string_view path) const {
  const Node* best = &tree_;
  for (std::size_t end = path.find('.');; end = path.find('.', end + 1)) {
    const Node* node = tree_.at_path(path.substr(0, end));
    if (node == nullptr) break;
    best = node;
    if (end == std::string_view::npos) break;
  }
  return best->origin;
}

void check_config(const Config& config, Problems& problems) {
  Complaints complaints{config.tree, problems};
  check_names(config, complaints);
  check_agent(config, complaints);
  check_etcd_client(config, complaints);
  check_etcd_server(config, complaints);
  check_tls(config, complaints);
  check_watchdog(config, complaints);
  check_tags(config, complaints);
  check_bootstrap(config, complaints);
  check_proxy(config, complaints);
  check_vip(config, complaints);
  check_addresses(config, complaints);
}

}  // namespace holdfast::config
