#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/rest_access.hpp"
#include "agent/watchdog.hpp"
#include "config/config.hpp"
#include "config/dynamic.hpp"
#include "dcs/etcd/store.hpp"
#include "ha/view.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "postgres/options.hpp"

// From the configuration's structs to those of the folders that the agent drives. Plain mappings, no
// decisions.
namespace holdfast::agent {

ha::Settings ha_settings(const config::DynamicConfig& dynamic, const config::PostgresqlConfig& postgresql);
ha::Tags ha_tags(const config::TagsConfig& tags);
postgres::Options postgres_options(const config::Config& config, const config::DynamicConfig& dynamic,
                                   const config::PostgresqlConfig& effective);
http::ServerOptions rest_server_options(const config::RestApiConfig& restapi);
http::ClientOptions rest_client_options(const config::Config& config);
Watchdog::Options watchdog_options(const config::WatchdogConfig& watchdog);
// Host names of the allowlist are left for resolve_hosts() (allowlist.hpp).
rest::AccessPolicy access_policy(const config::RestApiConfig& restapi);
// http_extra_headers, and over them https_extra_headers while TLS is on.
std::map<std::string, std::string> extra_headers(const config::RestApiConfig& restapi);

// "http://10.0.1.11:8008"; https when the REST API has a certificate.
std::string api_base_url(const config::RestApiConfig& restapi);

// '"pg2"', '2 ("pg2","pg3")', 'ANY 1 ("pg2","pg3")'; nobody: ''. Quoted, so that a member named "any" works
// (EC-17).
std::string print_synchronous_names(const ha::SynchronousNames& waits);
// A value of synchronous_standby_names in any of its forms; `*` is a name that no member has.
ha::SynchronousNames parse_synchronous_names(std::string_view text);

struct ServerAddress {
  std::string host;
  int port = 5432;
};
// Of a member's conn_url ("postgres://10.0.1.11:5432/postgres").
Result<ServerAddress> parse_conn_url(std::string_view url);

}  // namespace holdfast::agent
