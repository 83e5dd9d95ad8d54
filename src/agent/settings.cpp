#include "agent/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace holdfast::agent {
namespace {

postgres::Credentials credentials(const config::PostgresUser& user) {
  postgres::Credentials made{.username = user.username, .password = user.password};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) made.connection[key] = value;
  };
  add("sslmode", user.sslmode);
  add("sslkey", user.sslkey);
  add("sslpassword", user.sslpassword.reveal());
  add("sslcert", user.sslcert);
  add("sslrootcert", user.sslrootcert);
  add("sslcrl", user.sslcrl);
  add("sslcrldir", user.sslcrldir);
  add("gssencmode", user.gssencmode);
  add("channel_binding", user.channel_binding);
  return made;
}

std::vector<std::string> arguments(const std::vector<config::CommandOption>& options) {
  std::vector<std::string> result;
  for (const auto& option : options) {
    result.push_back(option.value.empty() ? "--" + option.name : "--" + option.name + "=" + option.value);
  }
  return result;
}

std::map<std::string, std::string> as_map(const config::StringMap& map) {
  return {map.begin(), map.end()};
}

http::VerifyClient verify(config::VerifyClient mode) {
  switch (mode) {
    case config::VerifyClient::none:
      return http::VerifyClient::none;
    case config::VerifyClient::optional:
      return http::VerifyClient::optional;
    case config::VerifyClient::required:
      return http::VerifyClient::required;
  }
  return http::VerifyClient::none;
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

// Names of a comma list, quoted or bare.
std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  std::string name;
  bool in_quotes = false;
  const auto finish = [&] {
    if (!name.empty()) names.push_back(std::exchange(name, {}));
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '"' && in_quotes && i + 1 < list.size() && list[i + 1] == '"') {
      name += list[++i];
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == ',' && !in_quotes) {
      finish();
    } else if (in_quotes || std::isspace(static_cast<unsigned char>(c)) == 0) {
      name += c;
    }
  }
  finish();
  return names;
}

}  // namespace

ha::Settings ha_settings(const config::DynamicConfig& dynamic, const config::PostgresqlConfig& postgresql) {
  const auto mode = [&] {
    switch (dynamic.synchronous_mode) {
      case config::SynchronousMode::off:
        return ha::SyncMode::off;
      case config::SynchronousMode::on:
        return ha::SyncMode::on;
      case config::SynchronousMode::quorum:
        return ha::SyncMode::quorum;
    }
    return ha::SyncMode::off;
  }();
  return {
      .ttl = dynamic.ttl,
      .loop_wait = dynamic.loop_wait,
      .retry_timeout = dynamic.retry_timeout,
      .maximum_lag_on_failover = dynamic.maximum_lag_on_failover.value,
      .maximum_lag_on_syncnode = dynamic.maximum_lag_on_syncnode.value,
      .primary_start_timeout = dynamic.primary_start_timeout,
      .synchronous_mode = mode,
      .synchronous_mode_strict = dynamic.synchronous_mode_strict,
      .synchronous_node_count = static_cast<std::size_t>(std::max(1, dynamic.synchronous_node_count)),
      .pause = dynamic.pause,
      .use_pg_rewind = postgresql.use_pg_rewind,
      .remove_data_directory_on_rewind_failure = postgresql.remove_data_directory_on_rewind_failure,
      .remove_data_directory_on_diverged_timelines = postgresql.remove_data_directory_on_diverged_timelines,
      .leader_ttl = dynamic.leader_ttl,
      .heartbeat_interval = dynamic.heartbeat_interval,
      .standby_drop_after = dynamic.standby_drop_after};
}

ha::Tags ha_tags(const config::TagsConfig& tags) {
  return {.nofailover = tags.nofailover,
          .nosync = tags.nosync,
          .failover_priority = tags.failover_priority,
          .sync_priority = tags.sync_priority,
          .replicatefrom = tags.replicatefrom};
}

postgres::Options postgres_options(const config::Config& config, const config::DynamicConfig&,
                                   const config::PostgresqlConfig& effective) {
  const auto& own = config.postgresql;
  postgres::Options options{.scope = config.scope,
                            .member = config.name,
                            .data_dir = own.data_dir,
                            .config_dir = own.config_dir == own.data_dir ? std::string{} : own.config_dir,
                            .bin_dir = own.bin_dir,
                            .listen = own.listen.host,
                            .port = own.listen.port,
                            .database = own.database,
                            .passfile = own.pgpass,
                            .superuser = credentials(own.authentication.superuser),
                            .replication = credentials(own.authentication.replication),
                            .rewind = credentials(own.authentication.rewind),
                            .parameters = as_map(effective.parameters),
                            .recovery = as_map(effective.recovery_conf),
                            .pg_hba = effective.pg_hba,
                            .pg_ident = effective.pg_ident,
                            .custom_conf = effective.custom_conf,
                            .basebackup = arguments(effective.basebackup),
                            .rewind_options = arguments(effective.rewind),
                            .stop_timeout = own.pg_ctl_timeout};
  if (options.pg_hba.empty()) options.pg_hba = config.bootstrap.pg_hba;
  for (const auto& option : config.bootstrap.initdb) options.initdb.push_back({option.name, option.value});
  // Through a socket of our own: no pg_hba line, firewall or exhausted listen queue of the clients stands in
  // between.
  const auto slash = own.data_dir.find_last_of('/');
  options.socket_dir = own.data_dir.substr(0, slash == std::string::npos ? 0 : slash);
  if (const auto* directories = effective.parameters.find("unix_socket_directories")) {
    options.socket_dir = directories->substr(0, directories->find(','));
  }
  return options;
}

http::ServerOptions rest_server_options(const config::RestApiConfig& restapi) {
  http::ServerOptions options;
  options.handler_timeout = 15min;  // a restart or switchover is answered when it is done
  options.listen = {{restapi.listen.host, static_cast<std::uint16_t>(restapi.listen.port)}};
  if (!restapi.certfile.empty()) {
    options.tls = http::TlsServerOptions{.certfile = restapi.certfile,
                                         .keyfile = restapi.keyfile,
                                         .keyfile_password = restapi.keyfile_password,
                                         .cafile = restapi.cafile,
                                         .ciphers = restapi.ciphers,
                                         .verify_client = verify(restapi.verify_client)};
  }
  if (restapi.server_tokens != config::ServerTokens::original) options.server_name = "Holdfast";
  return options;
}

http::ClientOptions rest_client_options(const config::Config& config) {
  const auto& ctl = config.ctl;
  const auto either = [](const std::string& first, const std::string& second) {
    return first.empty() ? second : first;
  };
  http::ClientOptions options;
  options.tls = {
      .cacert = either(ctl.cacert, config.restapi.cafile),
      .cert = either(ctl.certfile, config.restapi.certfile),
      .key = either(ctl.keyfile, config.restapi.keyfile),
      .key_password = ctl.keyfile_password.empty() ? config.restapi.keyfile_password : ctl.keyfile_password,
      .verify = !ctl.insecure};
  return options;
}

Watchdog::Options watchdog_options(const config::WatchdogConfig& watchdog) {
  const auto mode = [&] {
    switch (watchdog.mode) {
      case config::WatchdogMode::off:
        return WatchdogMode::off;
      case config::WatchdogMode::automatic:
        return WatchdogMode::automatic;
      case config::WatchdogMode::required:
        return WatchdogMode::required;
    }
    return WatchdogMode::off;
  }();
  return {.mode = mode, .device = watchdog.device, .safety_margin = watchdog.safety_margin};
}

rest::AccessPolicy access_policy(const config::RestApiConfig& restapi) {
  rest::AccessPolicy policy{.username = restapi.authentication.username,
                            .password = restapi.authentication.password,
                            .allowlist_include_members = restapi.allowlist_include_members,
                            .certificate_required = !restapi.certfile.empty() &&
                                                    restapi.verify_client != config::VerifyClient::none};
  for (const auto& entry : restapi.allowlist) {
    if (auto network = rest::parse_network(entry)) {
      policy.allowlist.push_back(*network);
    } else {
      policy.host_names.push_back(entry);
    }
  }
  return policy;
}

std::map<std::string, std::string> extra_headers(const config::RestApiConfig& restapi) {
  auto headers = as_map(restapi.http_extra_headers);
  if (restapi.certfile.empty()) return headers;
  for (const auto& [name, value] : restapi.https_extra_headers) headers.insert_or_assign(name, value);
  return headers;
}

std::string api_base_url(const config::RestApiConfig& restapi) {
  const auto& address = restapi.connect_address;
  return http::print_url({.tls = !restapi.certfile.empty(),
                          .endpoint = {address.host, static_cast<std::uint16_t>(address.port)},
                          .target = ""});
}

std::string print_synchronous_names(const ha::SynchronousNames& waits) {
  if (waits.names.empty()) return {};
  std::vector<std::string> list;
  for (const auto& name : waits.names) list.push_back(quoted(name));
  if (!waits.any && list.size() == 1 && waits.count == 1) return list.front();
  return fmt::format("{}{} ({})", waits.any ? "ANY " : "", waits.count, fmt::join(list, ","));
}

// A list without a number waits for one of it, and FIRST for as many as ANY: who they are depends on who is
// connected.
ha::SynchronousNames parse_synchronous_names(std::string_view text) {
  ha::SynchronousNames waits{.names = {}, .count = 1, .any = false};
  const auto open = text.find('(');
  if (open != std::string_view::npos && text.find('"') > open) {
    std::string method{text.substr(0, open)};
    for (auto& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    waits.any = method.find("any") != std::string::npos;
    if (const auto digit = method.find_first_of("0123456789"); digit != std::string::npos)
      std::from_chars(method.data() + digit, method.data() + method.size(), waits.count);
    text.remove_prefix(open + 1);
    if (const auto close = text.rfind(')'); close != std::string_view::npos) text = text.substr(0, close);
  }
  waits.names = split_names(text);
  std::sort(waits.names.begin(), waits.names.end());
  if (waits.names.empty()) waits.count = 0;
  return waits;
}

Result<ServerAddress> parse_conn_url(std::string_view url) {
  const auto bad = [&] { return fail(Errc::bad_message, fmt::format("not a connection URL: '{}'", url)); };
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return bad();
  std::string_view authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?"));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  ServerAddress address;
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  std::string_view host = has_port ? authority.substr(0, colon) : authority;
  if (has_port) {
    const auto digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return bad();
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return bad();
  address.host = std::string{host};
  return address;
}

}  // namespace holdfast::agent
