#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/secret.hpp"

namespace holdfast::postgres {

// A database role and how to connect as it (`postgresql.authentication.*`).
struct Credentials {
  std::string username;
  Secret password;
  std::map<std::string, std::string> connection;  // sslmode, sslcert, channel_binding, … as libpq names them

  bool operator==(const Credentials&) const = default;
};

// One entry of `bootstrap.initdb`: {"data-checksums", ""} is a flag, {"encoding", "UTF8"} a setting.
struct InitdbOption {
  std::string name;
  std::string value;

  bool operator==(const InitdbOption&) const = default;
};

// Everything that this folder needs to know of the configuration; the agent maps its own onto it. Plain
// values.
struct Options {
  std::string scope;   // cluster_name
  std::string member;  // our application_name as a standby
  std::string data_dir;
  std::string config_dir;    // where postgresql.conf lies; empty: data_dir
  std::string bin_dir;       // empty: found in PATH, then in /usr/lib/postgresql/*/bin
  std::string listen = "*";  // listen_addresses, without the port
  int port = 5432;
  std::string local_host;  // the TCP address to reach our own server at; empty: through socket_dir
  std::string socket_dir;  // unix_socket_directories; empty: PostgreSQL's own default, local_host must be set
  std::string database = "postgres";
  std::string passfile;  // written by us, 0600; empty: <parent of data_dir>/.<member>.pgpass
  std::string log_file;  // PostgreSQL's standard error; empty: <parent of data_dir>/<member>.postgresql.log
  std::optional<uid_t>
      os_user;  // run PostgreSQL's programs as this user and give it our files (only as root)

  Credentials superuser{.username = "postgres"};
  Credentials replication{.username = "replicator"};
  Credentials rewind;  // empty username: the superuser rewinds

  std::map<std::string, std::string> parameters;  // any GUC; the controlled ones go on the command line
  std::map<std::string, std::string>
      recovery;  // restore_command, archive_cleanup_command, recovery_min_apply_delay
  std::string hba_method = "scram-sha-256";  // of the guaranteed lines; "md5" also serves old md5 hashes
  std::vector<std::string> pg_hba;           // lines after the guaranteed ones; empty: scram from everywhere
  std::vector<std::string> pg_ident;
  std::string custom_conf;                  // included instead of postgresql.base.conf
  std::vector<InitdbOption> initdb;         // data-checksums and encoding UTF8 unless told otherwise
  std::vector<std::string> basebackup;      // extra arguments of pg_basebackup ("--max-rate=100M")
  std::vector<std::string> rewind_options;  // extra arguments of pg_rewind

  milliseconds start_timeout = 300s;  // until a started server must answer; the caller can give less
  milliseconds stop_timeout = 60s;    // fast shutdown before immediate (`primary_stop_timeout` overrides)
  milliseconds query_timeout = 3s;    // each of our own statements
  milliseconds connect_timeout = 3s;
  milliseconds clone_timeout = std::chrono::hours{24};
  std::size_t set_aside_keep =
      1;  // data directories kept as *.<reason>-<time>; older ones of ours are removed

  bool operator==(const Options&) const = default;
};

// With the defaults that depend on other fields filled in, and every path without a trailing slash.
Options resolved(Options options);

enum class Role { primary, standby };

// Where a standby streams from.
struct Upstream {
  std::string member;  // for logs
  std::string host;    // name, address, or socket directory
  int port = 5432;
  std::string slot;  // primary_slot_name; empty: none

  bool operator==(const Upstream&) const = default;
};

}  // namespace holdfast::postgres
